"""Signed calls to the project's HTTP API, as any client with IAM credentials makes them."""

import json
from dataclasses import dataclass, field
from urllib.parse import quote

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from cli.exits import CommandError, Exit
from cli.target import Target

SEE_OTHER = 303


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What the front door answered; `prediction_id` is None when none was given."""

    status: int
    body: bytes
    content_type: str
    prediction_id: str | None
    slot: str | None
    version: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoor:
    """A client of the front door; connections are kept, so it may be shared by threads."""

    url: str
    region: str
    credentials: Credentials
    pool: urllib3.PoolManager = field(
        default_factory=lambda: urllib3.PoolManager(maxsize=256, retries=False, timeout=70.0)
    )

    def predict(
        self,
        model: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        user: str = "",
        slot_token: str = "",
        target_model: str = "",
    ) -> Reply:
        """Ask a model, or one of several of that name; a failed one is a reply with its status."""
        told = {
            "x-tidegate-user": user,
            "x-tidegate-slot": slot_token,
            "x-tidegate-target-model": target_model,
        }
        headers = {"content-type": content_type, **{name: t for name, t in told.items() if t}}
        path = f"/models/{quote(model, safe='')}/predictions"
        return _reply(self.call("POST", path, body, headers))

    def answer(self, model: str, prediction_id: str) -> Reply:
        """What became of a request to an asynchronous model: status 202 while it waits.

        An answer too large to be handed on is read from where the front door says it is.
        """
        path = f"/models/{quote(model, safe='')}/predictions/{quote(prediction_id, safe='')}"
        response = self.call("GET", path, b"", {})
        if response.status == SEE_OTHER:
            response = self.pool.request("GET", response.headers["location"], redirect=False)
        return _reply(response)

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction; the HTTP status says whether it was credited."""
        body = json.dumps({"prediction_id": prediction_id, "wrong": wrong}).encode()
        headers = {"content-type": "application/json"}
        return int(self.call("POST", "/outcomes", body, headers).status)

    def call(
        self, method: str, path: str, body: bytes, headers: dict[str, str]
    ) -> urllib3.BaseHTTPResponse:
        """What comes back of a signed request; redirects are not followed."""
        request = AWSRequest(method=method, url=self.url + path, data=body, headers=headers)
        SigV4Auth(self.credentials, "execute-api", self.region).add_auth(request)
        signed = dict(request.headers.items())
        return self.pool.request(method, self.url + path, body=body, headers=signed, redirect=False)


def _reply(response: urllib3.BaseHTTPResponse) -> Reply:
    return Reply(
        status=response.status,
        body=response.data,
        content_type=response.headers.get("content-type", ""),
        prediction_id=response.headers.get("x-tidegate-prediction-id"),
        slot=response.headers.get("x-tidegate-slot"),
        version=response.headers.get("x-tidegate-version"),
    )


def door_of(target: Target, *, url: str) -> FrontDoor:
    """A client of a front door, with the credentials of a target."""
    credentials = target.session.get_credentials()
    if credentials is None:
        raise CommandError("no credentials to sign requests with", code=Exit.UNREACHABLE)
    return FrontDoor(
        url=url,
        region=target.region,
        credentials=credentials.get_frozen_credentials(),  # type: ignore[arg-type]
    )
