"""Labelling at its door: the page, who signs in, and what settings may say."""

from dataclasses import replace

import pytest

from answer_ai_request.events import request_in
from tests.labelling_bench import DOUBTS, PLAIN, WITH_GOLD, Bench
from tidegate.ai.callers import Callers, Content
from tidegate.ai.door import Door
from tidegate.ai.kinds import kind_named
from tidegate.ai.labelling import KIND, pages
from tidegate.ai.labelling.goldfile import syntax_faults
from tidegate.ai.labelling.settings import LabellingSettings, OwnIssuer, faults


def test_the_page_may_load_and_reach_only_what_it_needs() -> None:
    """Itself, images of the bucket, and who gives tokens."""
    page = pages.page(pages.PageAsked(), Bench(PLAIN).ports)
    policy = page.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self'" in policy
    assert "connect-src 'self' https://tidegate-1.auth.eu-west-1.amazoncognito.com;" in policy
    assert "img-src https://files.example data:" in policy


def test_people_sign_in_at_the_pool_or_at_a_provider_of_their_own() -> None:
    """The page is told where."""
    told = pages.told(pages.PageAsked(), Bench(PLAIN).ports).sign_in
    assert told.authorize.endswith(".amazoncognito.com/oauth2/authorize")
    assert (told.client, told.page) == ("client-1", "https://api.example/ai/social/page")
    assert str(told.leave).endswith(".amazoncognito.com/logout")
    own = OwnIssuer(
        issuer="https://id.example",
        client="ours",
        authorize="https://id.example/authorize",
        token="https://id.example/token",
    )
    told = pages.told(pages.PageAsked(), Bench(replace(PLAIN, sign_in=own)).ports).sign_in
    assert (told.authorize, told.client) == ("https://id.example/authorize", "ours")
    assert told.leave is None


def event(method: str, below: str, **more: object) -> dict[str, object]:
    """What API Gateway hands on."""
    http = {"method": method, "sourceIp": "192.0.2.1"}
    return {
        "rawPath": f"/ai/social/{below}",
        "headers": {},
        "requestContext": {"requestId": "r", "http": http, **more},
        "queryStringParameters": {"code": "c", "state": "s"} if method == "GET" else {},
        "body": "{}",
    }


def test_who_signed_in_is_known_on_routes_of_people_alone() -> None:
    """By the token that the API's authorizer has checked; a page's query is its script's."""
    kind = kind_named("labelling")
    claims = {"sub": "id-ana", "username": "ana"}
    asked = request_in(
        event("POST", "next", authorizer={"jwt": {"claims": claims}}), kind, "social"
    )
    assert asked.person is not None
    assert (asked.person.id, asked.person.name) == ("id-ana", "ana")
    page = request_in(event("GET", "page"), kind, "social")
    assert (page.person, page.given) == (None, {})
    reply = Door(ports=Bench(PLAIN).ports, requests_per_minute=9).answer(page)
    assert isinstance(reply.content, Content)
    assert reply.content.text == "text of labelling/page.html"


def test_only_pages_are_anybodys() -> None:
    """People label; applications ask how far it is."""
    by: dict[Callers, set[str]] = {}
    for route in KIND.routes:
        by.setdefault(route.callers, set()).add(route.name)
    assert by[Callers.ANYBODY] == {"page", "script", "boxes", "style", "told"}
    assert by[Callers.PEOPLE] == {"next", "label", "give-back"}


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        (replace(PLAIN, classes=("cat", "cat")), "classes must differ"),
        (replace(PLAIN, classes=("cat",)), "classes are one"),
        (replace(PLAIN, gold='{"source": "x", "animal": "fox"}'), "gold line 1: animal is 'fox'"),
        (replace(PLAIN, gold='{"source": "x", "animal": 1}\n' * 2), "gold line 2 is told twice"),
        (replace(PLAIN, gold='{"source-ref": "x"}'), "gold line 1 has no source"),
        (replace(DOUBTS, task="text-classes"), "from_model needs predictions of one class"),
        (replace(PLAIN, engine="ground-truth"), "engine is ground-truth, which new customers"),
        (
            replace(WITH_GOLD, engine="ground-truth", enrolled=True),
            "engine is ground-truth, which has no gold",
        ),
    ],
)
def test_settings_that_cannot_be_are_refused(settings: LabellingSettings, words: str) -> None:
    """Before anything is deployed."""
    assert [fault for fault in faults(settings) if fault.startswith(words)] != [], faults(settings)


def test_a_gold_file_is_a_manifest() -> None:
    """Each line that is none is told."""
    assert syntax_faults("") == ("has no lines",)
    assert len(syntax_faults('{"source": "x"}\nno\n{"source": 1}\n[]\n')) == 3
