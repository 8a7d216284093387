"""Recorded answers: what a service says to an input that it can't judge here, by the input's bytes.

`PUT /_embedded/recordings/SERVICE/SHA256` tells the embedded cloud what to answer to the input with
that digest, `GET` reads it. Requests need `embedded-cloud:PutRecording` or
`embedded-cloud:GetRecording`. Recordings hold for all accounts, until the cloud stops.
"""

import hashlib
import re
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from emulator.jsonapi import Json

if TYPE_CHECKING:
    from emulator.seams.services import Request, Response, Service

NAME = "embedded-cloud"
PATH = "/_embedded/recordings/"
_ACTIONS = {"PUT": f"{NAME}:PutRecording", "GET": f"{NAME}:GetRecording"}

Check = Callable[[Json], None]
"""Raises ValueError, with every fault, for what can't be an answer of the service."""


def digest_of(content: bytes) -> str:
    """The name of a recording: SHA-256 of the input, in hexadecimal digits."""
    return hashlib.sha256(content).hexdigest()


@dataclass(kw_only=True, slots=True)
class Recordings:
    """The recorded answers of all services that take them, each checked by its service."""

    checks: Mapping[str, Check]
    _lock: threading.Lock = field(default_factory=threading.Lock)
    _kept: dict[tuple[str, str], Json] = field(default_factory=dict)

    def put(self, service: str, digest: str, answer: Json) -> None:
        """The answer to the input of that digest; ValueError if it can't be one."""
        self.checks[service](answer)
        with self._lock:
            self._kept[service, digest] = answer

    def get(self, service: str, digest: str) -> Json | None:
        """What was recorded, if anything was."""
        with self._lock:
            return self._kept.get((service, digest))

    def of(self, service: str, content: bytes) -> Json | None:
        """The answer to the input, if it was recorded."""
        return self.get(service, digest_of(content))


def recordings_service(recordings: Recordings) -> "Service":
    """The service that sets and tells recordings."""
    from emulator.seams.services import Permission, Service  # noqa: PLC0415 - imports ministack

    async def handle(request: "Request") -> "Response":
        return _answered(recordings, request)

    return Service(
        name=f"{NAME}-recordings",
        signing_name=NAME,
        claims=lambda method, path, _headers: method in _ACTIONS and path.startswith(PATH),
        permissions=lambda request: [Permission(action=_ACTIONS[request.method])],
        handle=handle,
        denied_status=403,
    )


def _answered(recordings: Recordings, request: "Request") -> "Response":
    from emulator.seams.services import error_response, json_response  # noqa: PLC0415

    service, _, digest = request.path.removeprefix(PATH).partition("/")
    if service not in recordings.checks or not re.fullmatch("[0-9a-f]{64}", digest):
        known = ", ".join(sorted(recordings.checks))
        message = f"recordings are {PATH}SERVICE/SHA256 of the input; services are {known}"
        return error_response("ResourceNotFoundException", message, status=404)
    if request.method == "PUT":
        try:
            recordings.put(service, digest, request.json())
        except ValueError as error:
            return error_response("ValidationException", str(error))
    found = recordings.get(service, digest)
    if found is None:
        return error_response("ResourceNotFoundException", "nothing is recorded", status=404)
    return json_response(found)
