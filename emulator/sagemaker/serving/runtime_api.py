"""sagemaker-runtime at the front door: which requests are its own, what they need, who answers.

The front door checks signature and policies before `Invoker` sees anything.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from emulator.sagemaker.names import Tenant
from emulator.sagemaker.serving.interface import InvokeRequest
from emulator.sagemaker.serving.invoke import TARGET_VARIANT, Invoker
from emulator.seams.services import Permission, Request, Response, Service

_INVOCATIONS = re.compile(r"/endpoints/([^/]+)/invocations")


def runtime_service(invoker: Invoker) -> Service:
    """The service to register: InvokeEndpoint, permitted by sagemaker:InvokeEndpoint."""

    async def handle(request: Request) -> Response:
        answer = await invoker.invoke(
            InvokeRequest(
                tenant=Tenant(request.account, request.region),
                endpoint=_endpoint(request),
                headers=request.headers,
                body=request.body,
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
    context: dict[str, Any] = {}
    if TARGET_VARIANT in request.headers:
        context["sagemaker:TargetVariant"] = request.headers[TARGET_VARIANT]
    return [Permission(action="sagemaker:InvokeEndpoint", resource=resource, context=context)]


def _endpoint(request: Request) -> str:
    found = _INVOCATIONS.fullmatch(request.path)
    assert found is not None  # noqa: S101 - claimed by the same expression
    return found.group(1)
