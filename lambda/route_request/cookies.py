"""The cookie by which a user whom nothing names is known again: a random id, and nothing else.

It is not signed. All that an invented id does is draw another slot, which deleting the cookie does
as well.
"""

from collections.abc import Iterator, Mapping

from tidegate.untyped import Any

COOKIE = "tidegate-user"
_YEAR_SECONDS = 365 * 86_400
_DIGITS = frozenset("0123456789abcdef")
_LENGTH = 32


def cookie_in(event: Mapping[str, Any]) -> str | None:
    """The id that a request brings; None where there is none, or one that was never given out."""
    for name, _, given in (pair.strip().partition("=") for pair in _pairs(event)):
        if name == COOKIE and len(given) == _LENGTH and _DIGITS.issuperset(given):
            return given
    return None


def _pairs(event: Mapping[str, Any]) -> Iterator[str]:
    """HTTP APIs list cookies apart from the headers; load balancers leave them in one."""
    header = event.get("headers", {}).get("cookie", "")
    for text in (*event.get("cookies", ()), header):
        yield from text.split(";")


def set_cookie(given: str) -> str:
    """The Set-Cookie header by which a browser brings this id for a year, hidden from scripts."""
    attributes = f"Max-Age={_YEAR_SECONDS}; Path=/; HttpOnly; Secure; SameSite=Lax"
    return f"{COOKIE}={given}; {attributes}"
