"""The switch of the faults: signed requests to the embedded cloud itself, and who sends them.

`PUT /_embedded/faults/SERVICE` sets the faults of a service, `GET` reads them with their counts.
Requests are signed for the service `embedded-cloud`, which AWS does not have, and need
`embedded-cloud:PutFaults` or `embedded-cloud:GetFaults`.
"""

import json
import urllib.error
import urllib.request
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any

from emulator.ai.faults import Faults, FaultSource
from emulator.runtime import Credentials

if TYPE_CHECKING:
    from emulator.seams.services import Request, Response, Service

NAME = "embedded-cloud"
PATH = "/_embedded/faults/"
SPOT_PATH = "/_embedded/spot/"
"""Where spot capacity of a training job is taken away: see `emulator.sagemaker.jobs.spot`."""
LIVENESS_PATH = "/_embedded/liveness/"
"""Where a session of Face Liveness is answered: see `emulator.ai.rekognition.liveness`."""
MARKETPLACE_PATH = "/_embedded/marketplace"
"""Where products are listed: see `emulator.sagemaker.registry.listings`."""
_ACTIONS = {"PUT": f"{NAME}:PutFaults", "GET": f"{NAME}:GetFaults"}


class FaultControlError(Exception):
    """The embedded cloud refused a request of the control interface; the message says why."""


def control_service(sources: Mapping[str, FaultSource]) -> "Service":
    """The service that sets and tells the faults of each service by its name."""
    from emulator.seams.services import Permission, Service  # noqa: PLC0415 - imports ministack

    return Service(
        name=NAME,
        signing_name=NAME,
        claims=lambda method, path, _headers: method in _ACTIONS and path.startswith(PATH),
        permissions=lambda request: [Permission(action=_ACTIONS[request.method])],
        handle=_handler(sources),
        denied_status=403,
    )


def _handler(
    sources: Mapping[str, FaultSource],
) -> Callable[["Request"], Awaitable["Response"]]:
    from emulator.seams.services import error_response, json_response  # noqa: PLC0415

    async def handle(request: "Request") -> "Response":
        name = request.path.removeprefix(PATH)
        source = sources.get(name)
        if source is None:
            known = ", ".join(sorted(sources))
            message = f"faults can be set for {known}, got {name!r}"
            return error_response("ResourceNotFoundException", message, status=404)
        if request.method == "PUT":
            try:
                source.set(Faults.of_json(request.json()))
            except ValueError as error:
                return error_response("ValidationException", str(error))
        return json_response(source.to_json())

    return handle


def put_recording(
    url: str, credentials: Credentials, region: str, *, answer: Mapping[str, Any]
) -> None:
    """The answer at the end of `url` is what the service says to that input from now on.

    FaultControlError if the cloud refuses.
    """
    _asked("PUT", url, credentials, region=region, body=json.dumps(answer).encode())


def put_faults(url: str, credentials: Credentials, region: str, *, faults: Faults) -> None:
    """The service at the end of `url` has the faults from its next call on.

    FaultControlError if the cloud refuses.
    """
    _asked("PUT", url, credentials, region=region, body=json.dumps(faults.to_json()).encode())


def get_faults(url: str, credentials: Credentials, region: str) -> dict[str, Any]:
    """The faults of the service at the end of `url`, and their counts since they were set.

    FaultControlError if the cloud refuses.
    """
    return _asked("GET", url, credentials, region=region, body=None)


def put_liveness(
    url: str, credentials: Credentials, region: str, *, outcome: Mapping[str, Any]
) -> None:
    """The session of Face Liveness at the end of `url` ended so (`emulator.ai.rekognition`).

    FaultControlError if the cloud refuses.
    """
    _asked("PUT", url, credentials, region=region, body=json.dumps(outcome).encode())


def put_interruption(url: str, credentials: Credentials, region: str) -> None:
    """The training job at the end of `url` lost its spot capacity (`emulator.sagemaker.jobs`).

    FaultControlError if the cloud refuses.
    """
    _asked("PUT", url, credentials, region=region, body=b"{}")


def put_listing(
    url: str, credentials: Credentials, region: str, *, listing: Mapping[str, Any]
) -> None:
    """A product of AWS Marketplace is listed so (`emulator.sagemaker.registry.listings`).

    FaultControlError if the cloud refuses.
    """
    _asked("PUT", url, credentials, region=region, body=json.dumps(listing).encode())


def _asked(
    method: str, url: str, credentials: Credentials, *, region: str, body: bytes | None
) -> dict[str, Any]:
    request = urllib.request.Request(  # noqa: S310 - the cloud's own address
        url,
        method=method,
        data=body,
        headers=_signed(method, url, credentials, region=region, body=body),
    )
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            told: dict[str, Any] = json.load(answer)
    except urllib.error.HTTPError as error:
        raise FaultControlError(_sentence(error.read()) or error.reason) from error
    return told


def _signed(
    method: str, url: str, credentials: Credentials, *, region: str, body: bytes | None
) -> dict[str, str]:
    """The headers of the request, signature and all."""
    from botocore.auth import SigV4Auth  # noqa: PLC0415 - the client starts without botocore
    from botocore.awsrequest import AWSRequest  # noqa: PLC0415
    from botocore.credentials import Credentials as SigningKeys  # noqa: PLC0415

    request = AWSRequest(method=method, url=url, data=body)
    keys = SigningKeys(credentials.access_key, credentials.secret_key, credentials.session_token)
    SigV4Auth(keys, NAME, region).add_auth(request)
    return dict(request.headers)


def _sentence(body: bytes) -> str:
    """What a refusal says; a bad signature may be refused in another protocol than JSON."""
    try:
        return str(json.loads(body)["message"])
    except (ValueError, KeyError, TypeError):
        return body.decode("utf-8", errors="replace")
