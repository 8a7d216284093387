"""The front door from outside: signed requests, as any client with IAM credentials makes them."""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from tidegate.sending import Served

if TYPE_CHECKING:
    from collections.abc import Callable

    from tidegate.requests import Request

_UNREACHED = 503
_SECONDS = 35.0
"""A little longer than an HTTP API waits for a function (API Gateway quotas: 30 s)."""

_AT_ONCE = 16


def _connections() -> Any:
    import urllib3  # noqa: PLC0415

    return urllib3.PoolManager(maxsize=_AT_ONCE, retries=False, timeout=_SECONDS)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedDoor:
    """Port `Door`: the HTTP API of a stage, which lets in what AWS credentials sign."""

    url: str
    region: str
    credentials: Callable[[], Any]
    """What gives botocore's credentials; they are asked for each request, since a role's expire."""
    pool: Any = field(default_factory=_connections)

    def ask(self, model: str, request: Request) -> Served:
        """Ask a model; a door that cannot be reached answers 503."""
        headers = {"content-type": request.content_type}
        if request.user:
            headers["x-tidegate-user"] = request.user
        path = f"/models/{quote(model, safe='')}/predictions"
        return self._post(path, request.body, headers)

    def report(self, prediction_id: str, *, wrong: bool) -> int:
        """Report an outcome; the status says whether it was credited."""
        body = json.dumps({"prediction_id": prediction_id, "wrong": wrong}).encode()
        return self._post("/outcomes", body, {"content-type": "application/json"}).status

    def _post(self, path: str, body: bytes, headers: dict[str, str]) -> Served:
        from botocore.auth import SigV4Auth  # noqa: PLC0415 - see clients.py
        from botocore.awsrequest import AWSRequest  # noqa: PLC0415
        from urllib3.exceptions import HTTPError  # noqa: PLC0415

        request = AWSRequest(method="POST", url=self.url + path, data=body, headers=headers)
        SigV4Auth(self.credentials(), "execute-api", self.region).add_auth(request)
        signed = dict(request.headers.items())
        try:
            answer = self.pool.request("POST", self.url + path, body=body, headers=signed)
        except HTTPError as error:
            return Served(status=_UNREACHED, body=str(error).encode(), prediction_id=None)
        return Served(
            status=int(answer.status),
            body=bytes(answer.data),
            prediction_id=answer.headers.get("x-tidegate-prediction-id"),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Threads:
    """Port `Pool`: calls in threads, as many at once as there are connections."""

    executor: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(_AT_ONCE))
    running: list[Future[Counter[str]]] = field(default_factory=list)

    def submit(self, call: Callable[[], Counter[str]]) -> None:
        """The call runs as soon as a thread is free."""
        self.running.append(self.executor.submit(call))

    def join(self) -> Counter[str]:
        """The sum of what all calls counted; the first exception of one is raised."""
        try:
            return sum((future.result() for future in self.running), Counter())
        finally:
            self.executor.shutdown()
