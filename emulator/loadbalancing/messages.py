"""HTTP requests and responses as a load balancer handles them, apart from any server."""

from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

Headers = tuple[tuple[str, str], ...]

SERVER = "awselb/2.0"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """One request; header names in lower case, path and query as sent, undecoded."""

    method: str
    path: str
    query: str = ""
    headers: Headers = ()
    body: bytes = b""
    client: str = "127.0.0.1"
    protocol: str = "HTTPS"
    port: int = 443
    """The listener's, as its template says it."""

    @property
    def host(self) -> str:
        """The Host header without a port."""
        sent = self.values("host")
        return sent[-1].rsplit(":", 1)[0] if sent else ""

    def values(self, name: str) -> list[str]:
        """The values of a header, in the order sent."""
        wanted = name.lower()
        return [value for key, value in self.headers if key == wanted]


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpResponse:
    """One response; `by_balancer` if no target made it."""

    status: int
    headers: Headers = ()
    body: bytes = b""
    by_balancer: bool = False

    def with_headers(self, added: Mapping[str, str]) -> "HttpResponse":
        """The response with these headers, in place of its own of the same names."""
        names = {name.lower() for name in added}
        kept = tuple((k, v) for k, v in self.headers if k.lower() not in names)
        return HttpResponse(
            status=self.status,
            headers=(*kept, *added.items()),
            body=self.body,
            by_balancer=self.by_balancer,
        )


class Refusal(Exception):  # noqa: N818 - an answer, not a fault of ours
    """The load balancer answers this status instead of going on; the reason is for its own log."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


def error_page(status: int) -> HttpResponse:
    """The load balancer's own page for a status."""
    phrase = HTTPStatus(status).phrase
    title = f"{status} {phrase}"
    page = (
        f"<html>\r\n<head><title>{title}</title></head>\r\n<body>\r\n"
        f"<center><h1>{title}</h1></center>\r\n</body>\r\n</html>\r\n"
    )
    return HttpResponse(
        status=status,
        headers=(("Content-Type", "text/html"),),
        body=page.encode(),
        by_balancer=True,
    )
