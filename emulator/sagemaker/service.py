"""Connects the control plane to the front door: claims, permissions, answers and errors."""

from collections.abc import Mapping, Sequence

from emulator.sagemaker import permissions
from emulator.sagemaker.api import ControlPlane
from emulator.sagemaker.errors import SageMakerError
from emulator.sagemaker.names import Tenant
from emulator.seams.services import (
    Permission,
    Request,
    Response,
    Service,
    error_response,
    json_response,
)


def control_plane_service(plane: ControlPlane) -> Service:
    """The service that answers `X-Amz-Target: SageMaker.<Operation>`."""

    async def handle(request: Request) -> Response:
        try:
            answer = await plane.call(_tenant(request), request.operation, request.json())
        except SageMakerError as error:
            return error_response(error.code, error.message, status=error.status)
        return json_response(answer)

    return Service(
        name="sagemaker",
        signing_name="sagemaker",
        claims=_is_control_plane,
        permissions=_permissions,
        handle=handle,
    )


def _is_control_plane(_method: str, _path: str, headers: Mapping[str, str]) -> bool:
    return headers.get("x-amz-target", "").startswith("SageMaker.")


def _permissions(request: Request) -> Sequence[Permission]:
    wanted = permissions.needed(request.operation, _tenant(request), request.json())
    return [Permission(action=n.action, resource=n.resource, context=n.context) for n in wanted]


def _tenant(request: Request) -> Tenant:
    return Tenant(request.account, request.region)
