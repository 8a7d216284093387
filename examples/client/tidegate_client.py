"""Ask a model and report what became known of its answer. One file to copy; needs botocore only.

models = Models("https://abc123.execute-api.eu-west-1.amazonaws.com", "eu-west-1")
answer = models.predict("flights", {"features": {...}}, user="u-17")
...                                              # keep answer.prediction_id; later:
models.report_outcome(answer.prediction_id, wrong=True)
"""

import json
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.session import get_session

TIMEOUT_SECONDS = 70
TRIES = 4


class RefusedError(Exception):
    """The API refused a request; `status` and `reason` say why, asking again does not help."""

    def __init__(self, status: int, reason: str, message: str) -> None:
        self.status, self.reason = status, reason
        super().__init__(f"HTTP {status} {reason}: {message}")


@dataclass(frozen=True)
class Prediction:
    """What a model answered, and the id under which its outcome is reported."""

    prediction_id: str
    slot: str
    version: str
    body: bytes

    def json(self) -> Any:
        """The answer of a model that speaks JSON."""
        return json.loads(self.body)


class Models:
    """A project's HTTP API, called with this machine's AWS credentials."""

    def __init__(
        self, url: str, region: str, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        if not url.startswith(("https://", "http://127.0.0.1:")):
            raise ValueError(f"url is {url!r}, must begin with https://")
        self._url, self._region, self._sleep = url.rstrip("/"), region, sleep
        self._session = get_session()

    def predict(
        self, model: str, features: Any, *, user: str = "", target_model: str = ""
    ) -> Prediction:
        """The model's answer. It is asked once: a repeated question would be a second request.

        `target_model` names one of several models behind one endpoint.
        """
        told = {"x-tidegate-user": user, "x-tidegate-target-model": target_model}
        headers = {name: text for name, text in told.items() if text}
        path = f"/models/{quote(model, safe='')}/predictions"
        told, body = self._post(path, features, headers)
        return Prediction(
            prediction_id=told["x-tidegate-prediction-id"],
            slot=told["x-tidegate-slot"],
            version=told["x-tidegate-version"],
            body=body,
        )

    def report_outcome(self, prediction_id: str, *, wrong: bool) -> bool:
        """The outcome is credited; False when it was before, so that asking again does no harm."""
        said = {"prediction_id": prediction_id, "wrong": wrong}
        for attempt in range(TRIES):
            try:
                self._post("/outcomes", said, {})
            except RefusedError as error:
                if error.status == 409:
                    return False
                if error.status < 500 and error.status != 429:
                    raise
                problem: Exception = error
            except OSError as error:
                problem = error
            else:
                return True
            self._sleep(0.2 * 2**attempt)
        raise problem

    def _post(self, path: str, data: Any, headers: dict[str, str]) -> tuple[Any, bytes]:
        body = json.dumps(data).encode()
        given = {"content-type": "application/json", **headers}
        url = self._url + path
        request = AWSRequest("POST", url, data=body, headers=given)
        # A role's credentials change: they are asked for each time, and renewed when need be.
        credentials = self._session.get_credentials()
        if credentials is None:
            raise RuntimeError("no AWS credentials were found to sign requests with")
        SigV4Auth(credentials, "execute-api", self._region).add_auth(request)
        signed = dict(request.headers.items())
        call = urllib.request.Request(url, body, signed)  # noqa: S310 - checked above
        try:
            with urllib.request.urlopen(call, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310
                return answer.headers, answer.read()
        except urllib.error.HTTPError as error:
            raise _refused(error.code, error.read()) from error


def _refused(status: int, body: bytes) -> RefusedError:
    try:
        told = json.loads(body)
    except ValueError:
        told = {}
    found = told if isinstance(told, dict) else {}
    return RefusedError(status, found.get("reason", "error"), found.get("message", ""))
