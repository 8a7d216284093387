"""Who may ask the console what: programs and pages of this machine that know the run's token.

Any page in the operator's browser can send requests to 127.0.0.1, and a name can be made to point
there (DNS rebinding). So the name asked for must be ours, a page that asks must be ours, and all
that tells or changes something needs the token in a header, which no other page can send. There
are no cookies: a browser sends those by itself, to every port of a machine.
"""

import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

LONGEST_BODY = 4_096
"""Bytes: the only bodies are those of orders, which are a reason."""

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}
"""Every answer has these: nothing from elsewhere runs in the page, nobody frames or keeps it."""


class RequestRefusedError(Exception):
    """A request is not answered; the message is for whoever sent it, and tells no secret."""

    def __init__(self, status: HTTPStatus, message: str) -> None:
        self.status = status
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Guard:
    """What this run of the console accepts. Names of headers are in small letters."""

    port: int
    token: str

    @property
    def hosts(self) -> tuple[str, ...]:
        """The names it is reached by."""
        return (f"127.0.0.1:{self.port}", f"localhost:{self.port}")

    def check_address(self, headers: Mapping[str, str]) -> None:
        """RequestRefusedError unless the request was meant for here, and comes from here."""
        if headers.get("host", "") not in self.hosts:
            raise RequestRefusedError(
                HTTPStatus.MISDIRECTED_REQUEST,
                f"this console is {self.hosts[0]} and goes by no other name",
            )
        origin = headers.get("origin")
        if origin is not None and origin not in {f"http://{host}" for host in self.hosts}:
            raise RequestRefusedError(HTTPStatus.FORBIDDEN, "asked by a page from elsewhere")

    def check_page(self, headers: Mapping[str, str]) -> None:
        """RequestRefusedError where the browser says that another site asked."""
        if headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
            raise RequestRefusedError(HTTPStatus.FORBIDDEN, "asked by a page from elsewhere")

    def check_token(self, headers: Mapping[str, str]) -> None:
        """RequestRefusedError unless the request has the token of this run."""
        kind, _, given = headers.get("authorization", "").partition(" ")
        known = hmac.compare_digest(given.strip().encode(), self.token.encode())
        if kind != "Bearer" or not known:
            raise RequestRefusedError(
                HTTPStatus.UNAUTHORIZED,
                "open the whole address that 'tidegate console' printed, with the token behind #: "
                "each run has its own",
            )

    def check_body(self, headers: Mapping[str, str]) -> int:
        """The length of the body in bytes; RequestRefusedError for one that no order has."""
        if headers.get("content-type", "").partition(";")[0].strip() != "application/json":
            raise RequestRefusedError(
                HTTPStatus.UNSUPPORTED_MEDIA_TYPE, "an order is sent as application/json"
            )
        length = headers.get("content-length", "")
        if not length.isascii() or not length.isdecimal():
            raise RequestRefusedError(HTTPStatus.LENGTH_REQUIRED, "say how long the body is")
        if int(length) > LONGEST_BODY:
            raise RequestRefusedError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"an order has at most {LONGEST_BODY} bytes, got {length}",
            )
        return int(length)
