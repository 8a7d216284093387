"""The front door knows its users: by name, by cookie, or by neither; testers choose by a token."""

import io
import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import ANY, Stubber

from route_request.cookies import COOKIE, cookie_in, set_cookie
from route_request.events import prediction_request
from route_request.handler import handle
from tests.samples import MODEL, RELEASE
from tidegate.assignment import anonymous_client_of, client_of
from tidegate.observation import Unit
from tidegate.override import Override, sign_override
from tidegate.requestlog import ServedLine, parse_line
from tidegate.split import NO_SPLIT
from tidegate.strategies import Split
from tidegate_aws import clients
from tidegate_aws.keys import signing_keys
from tidegate_aws.release_store import DynamoReleaseStore

KEYS = signing_keys('{"current": "k1", "k1": "a generated text"}', now=0.0)
ID = "0123456789abcdef" * 2
SOON = time.time() + 3_600


def an_event(**changes: Any) -> dict[str, Any]:
    """What an HTTP API sends in payload format 2.0, of nobody."""
    return {
        "version": "2.0",
        "pathParameters": {"model": MODEL},
        "headers": {"content-type": "application/json"},
        "requestContext": {},
        "body": "[1]",
        "isBase64Encoded": False,
        **changes,
    }


def named(**headers: str) -> dict[str, Any]:
    """An event with these headers."""
    return an_event(headers={name.replace("_", "-"): text for name, text in headers.items()})


@pytest.fixture
def runtime(store: DynamoReleaseStore) -> Iterator[Stubber]:
    """A release is open whose users are drawn by the router: all have green."""
    split = store.split(MODEL)
    assert split is not None
    store.put_split(
        replace(
            split,
            version=split.version + 1,
            release_id=RELEASE,
            shares={"blue": 0, "green": 100},
            drawn_by=Split.ROUTER,
        )
    )
    with Stubber(clients.sagemaker_runtime()) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


def expect(runtime: Stubber, **asked: str) -> None:
    """The next request is asked of this variant, and answered by it."""
    response = {
        "Body": StreamingBody(io.BytesIO(b"{}"), 2),
        "ContentType": "application/json",
        "InvokedProductionVariant": asked.get("TargetVariant", "blue"),
    }
    question = dict.fromkeys(("EndpointName", "Body", "ContentType", "Accept", "InferenceId"), ANY)
    runtime.add_response("invoke_endpoint", response, {**question, **asked})


def line_of(capsys: pytest.CaptureFixture[str]) -> ServedLine:
    """The line that was logged."""
    (text,) = capsys.readouterr().out.splitlines()
    line = parse_line(text)
    assert isinstance(line, ServedLine)
    return line


def test_a_named_user_s_slot_is_asked_for(runtime: Stubber, capsys: pytest.CaptureFixture[str]):
    """By TargetVariant; he needs no cookie."""
    expect(runtime, TargetVariant="green")
    answer = handle(named(x_tidegate_user="ada"), None)
    assert (answer["statusCode"], "cookies" in answer) == (200, False)
    line = line_of(capsys)
    assert (line.unit, line.client, line.slot) == (Unit.USER, client_of(MODEL, "ada"), "green")


def test_the_header_names_one_of_several_models(
    runtime: Stubber, store: DynamoReleaseStore, capsys: pytest.CaptureFixture[str]
):
    """Who names none that is there is told which there are, and leaves no line."""
    document = store.split(MODEL)
    assert document is not None
    models = dict.fromkeys(("blue", "green"), ("ewr", "jfk"))
    store.put_split(replace(document, version=document.version + 1, models=models))
    expect(runtime, TargetVariant="green", TargetModel="jfk.tar.gz")
    answer = handle(named(x_tidegate_user="ada", x_tidegate_target_model="jfk"), None)
    assert answer["statusCode"] == 200
    line_of(capsys)
    refused = handle(named(x_tidegate_user="ada", x_tidegate_target_model="lga"), None)
    assert refused["statusCode"] == 404
    assert "it has: ewr, jfk" in refused["body"]
    assert capsys.readouterr().out == ""


def test_nobody_gets_a_cookie_and_is_known_by_it(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """The first answer sets it, the second request brings it: one user, one slot."""
    expect(runtime, TargetVariant="green")
    (cookie,) = handle(an_event(), None)["cookies"]
    first = line_of(capsys)
    expect(runtime, TargetVariant="green")
    answer = handle(an_event(cookies=[cookie.partition(";")[0]]), None)
    assert "cookies" not in answer
    assert line_of(capsys).client == first.client


def test_a_failed_answer_sets_the_cookie_too(runtime: Stubber):
    """Or who asks again after an error would be another user each time."""
    runtime.add_client_error("invoke_endpoint", "ServiceUnavailable", "later", 503)
    answer = handle(an_event(), None)
    assert answer["statusCode"] == 502
    assert len(answer["cookies"]) == 1


def test_a_cookie_is_kept_a_year_and_hidden_from_scripts():
    """Sent by TLS only, and not from other sites' posts."""
    name, *attributes = set_cookie(ID).split("; ")
    assert name == f"{COOKIE}={ID}"
    assert set(attributes) == {
        *("Max-Age=31536000", "Path=/", "HttpOnly", "Secure", "SameSite=Lax"),
    }


def test_a_name_counts_before_a_cookie():
    """Who has signed in is that user, whatever browser he sits at."""
    event = named(x_tidegate_user="ada", cookie=f"{COOKIE}={ID}")
    assert prediction_request(event).client == client_of(MODEL, "ada")


@pytest.mark.parametrize(
    "event",
    [
        an_event(cookies=["theme=dark", f"{COOKIE}={ID}"]),
        an_event(cookies=[f"theme=dark; {COOKIE}={ID}"]),
        named(cookie=f"theme=dark; {COOKIE}={ID}; x"),
    ],
    ids=["apart", "together", "load-balancer"],
)
def test_a_cookie_is_found_wherever_it_comes(event: dict[str, Any]):
    """HTTP APIs list cookies, load balancers have a header."""
    assert cookie_in(event) == ID
    assert prediction_request(event).client == anonymous_client_of(MODEL, ID)


@pytest.mark.parametrize("given", ["", "ada", ID[:-1], ID + "0", ID.upper(), ID[:-1] + "g"])
def test_a_cookie_that_was_never_given_out_is_none(given: str):
    """Nobody invents himself a long name, or another's."""
    assert cookie_in(an_event(cookies=[f"{COOKIE}={given}", "flag"])) is None


def token(**changes: Any) -> str:
    """A slot token."""
    return sign_override(
        Override(**{"model": MODEL, "slot": "blue", "expires_at": SOON, **changes}), KEYS
    )


def test_a_tester_s_token_decides_and_is_no_evidence(
    runtime: Stubber, capsys: pytest.CaptureFixture[str]
):
    """The slot that he named is asked, whoever he is."""
    expect(runtime, TargetVariant="blue")
    answer = handle(named(x_tidegate_user="ada", x_tidegate_slot=token()), None)
    assert answer["headers"]["x-tidegate-slot"] == "blue"
    assert line_of(capsys).split_version == NO_SPLIT


@pytest.mark.parametrize(
    "given",
    ["green", token(expires_at=1), token(slot="red")],
    ids=["no token", "expired", "of an unknown slot"],
)
@pytest.mark.usefixtures("runtime")
def test_a_token_that_does_not_hold_is_forbidden(capsys: pytest.CaptureFixture[str], given: str):
    """Nothing is asked and nothing logged, and the message says why."""
    answer = handle(named(x_tidegate_slot=given), None)
    assert answer["statusCode"] == 403
    assert "slot" in json.loads(answer["body"])["message"]
    assert capsys.readouterr().out == ""
