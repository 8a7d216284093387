"""Who may ask the console what."""

from http import HTTPStatus

import pytest

from cli.console.guard import LONGEST_BODY, Guard, RequestRefusedError

GUARD = Guard(port=8642, token="secret")
HOST = {"host": "127.0.0.1:8642"}


@pytest.mark.parametrize("host", ["127.0.0.1:8642", "localhost:8642"])
def test_its_own_names_are_answered(host: str):
    """The address and the name of this machine, with the console's port."""
    GUARD.check_address({"host": host})
    GUARD.check_address({"host": host, "origin": f"http://{host}"})


@pytest.mark.parametrize(
    "host", ["", "evil.example:8642", "127.0.0.1", "127.0.0.1:80", "127.0.0.1:8642, evil.example"]
)
def test_another_name_that_points_here_is_refused(host: str):
    """A page whose name was made to point to 127.0.0.1 asks for its own name."""
    with pytest.raises(RequestRefusedError) as refused:
        GUARD.check_address({"host": host})
    assert refused.value.status is HTTPStatus.MISDIRECTED_REQUEST


@pytest.mark.parametrize(
    "origin", ["https://evil.example", "http://127.0.0.1:9999", "https://127.0.0.1:8642", "null"]
)
def test_pages_from_elsewhere_are_refused(origin: str):
    """Another port of this machine is elsewhere too."""
    with pytest.raises(RequestRefusedError) as refused:
        GUARD.check_address({**HOST, "origin": origin})
    assert refused.value.status is HTTPStatus.FORBIDDEN


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_what_a_browser_says_of_the_asking_site_counts(site: str):
    """A browser names the relation, and a page cannot change that."""
    with pytest.raises(RequestRefusedError):
        GUARD.check_page({"sec-fetch-site": site})


@pytest.mark.parametrize("site", ["same-origin", "none"])
def test_the_page_itself_and_programs_may_ask(site: str):
    """Programs send no such header at all."""
    GUARD.check_page({"sec-fetch-site": site})
    GUARD.check_page({})


@pytest.mark.parametrize(
    "given", ["", "Bearer", "Bearer ", "Bearer Secret", "Basic secret", "secret", "Bearer sécret"]
)
def test_only_the_whole_token_is_accepted(given: str):
    """Nothing is like the token but the token."""
    with pytest.raises(RequestRefusedError, match="each run has its own") as refused:
        GUARD.check_token({"authorization": given})
    assert refused.value.status is HTTPStatus.UNAUTHORIZED
    GUARD.check_token({"authorization": "Bearer secret"})


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": "text/plain", "content-length": "2"}, HTTPStatus.UNSUPPORTED_MEDIA_TYPE),
        ({"content-type": "application/json"}, HTTPStatus.LENGTH_REQUIRED),
        ({"content-type": "application/json", "content-length": "-1"}, HTTPStatus.LENGTH_REQUIRED),
        (
            {"content-type": "application/json", "content-length": str(LONGEST_BODY + 1)},
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        ),
    ],
)
def test_bodies_that_are_no_orders_are_not_read(headers: dict[str, str], status: HTTPStatus):
    """A form of another page cannot be sent as JSON, and nothing long is taken in."""
    with pytest.raises(RequestRefusedError) as refused:
        GUARD.check_body(headers)
    assert refused.value.status is status


def test_an_order_is_read_to_its_length():
    """With or without a character set."""
    kind = {"content-type": "application/json; charset=utf-8", "content-length": "17"}
    assert GUARD.check_body(kind) == 17
