"""sagemaker-runtime at the front door: which requests are its own, what they need, who answers.

The front door checks signature and policies before `Invoker` sees anything.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import InvokeRequest, InvokeResponse
from emulator.sagemaker.serving.invoke import TARGET_MODEL, TARGET_VARIANT
from emulator.seams.services import Permission, Request, Response, Service

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/(async-)?invocations")


_CONDITION_KEYS = {
    "sagemaker:TargetModel": TARGET_MODEL,
    "sagemaker:TargetVariant": TARGET_VARIANT,
}


class Asked(Protocol):
    """What answers requests to endpoints."""

    async def invoke(self, request: InvokeRequest) -> InvokeResponse:
        """The response, errors included."""
        ...


def runtime_service(invoker: Asked, queues: Asked) -> Service:
    """The service to register: InvokeEndpoint and InvokeEndpointAsync, each with its right."""

    async def handle(request: Request) -> Response:
        asked = queues if _is_async(request) else invoker
        answer = await asked.invoke(
            InvokeRequest(
                tenant=Tenant(request.account, request.region),
                endpoint=_endpoint(request),
                headers=request.headers,
                body=request.body,
                request_id=request.request_id,
            )
        )
        return Response(status=answer.status, headers=answer.headers, body=answer.body)

    return Service(
        name="sagemaker-runtime",
        signing_name="sagemaker",
        claims=_claims,
        permissions=_permissions,
        handle=handle,
        denied_status=403,
    )


def _claims(method: str, path: str, headers: Mapping[str, str]) -> bool:
    del headers
    return method == "POST" and _INVOCATIONS.fullmatch(path) is not None


def _permissions(request: Request) -> Sequence[Permission]:
    # Endpoint ARNs are written in lower case (Service Authorization Reference, SageMaker).
    name = _endpoint(request).lower()
    resource = f"arn:aws:sagemaker:{request.region}:{request.account}:endpoint/{name}"
    context: dict[str, Any] = {
        key: request.headers[header]
        for key, header in _CONDITION_KEYS.items()
        if header in request.headers
    }
    action = f"sagemaker:InvokeEndpoint{'Async' if _is_async(request) else ''}"
    return [Permission(action=action, resource=resource, context=context)]


def _is_async(request: Request) -> bool:
    return request.path.endswith("/async-invocations")


def _endpoint(request: Request) -> str:
    found = _INVOCATIONS.fullmatch(request.path)
    assert found is not None  # noqa: S101 - claimed by the same expression
    return found.group(1)
