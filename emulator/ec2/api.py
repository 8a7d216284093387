"""The auto-scaling API: its operations and its wire."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ec2.errors import ScalingError, not_emulated
from emulator.ec2.operations import GroupOperations
from emulator.ec2.permissions import SIGNING_NAME, permissions_of
from emulator.ec2.refreshes import RefreshOperations
from emulator.ec2.state import Json
from emulator.queryapi import QueryApi, operation_in
from emulator.sagemaker.names import Tenant
from emulator.seams.services import Request, Response, Service

NAMESPACE = "http://autoscaling.amazonaws.com/doc/2011-01-01/"
WIRE = QueryApi(service=SIGNING_NAME, namespace=NAMESPACE, refused=ScalingError)
_XML = {"Content-Type": "text/xml"}

Operation = Callable[[Tenant, Mapping[str, Any]], Json]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """All operations; templates and the API go through `call` alike."""

    groups: GroupOperations

    async def call(self, tenant: Tenant, operation: str, request: Mapping[str, Any]) -> Json:
        """The operation's answer; ScalingError if it is refused. On the event loop only."""
        WIRE.check(operation, request)
        handler = self._operations().get(operation)
        if handler is None:
            raise not_emulated(f"the operation {operation}")
        return handler(tenant, request)

    def _operations(self) -> Mapping[str, Operation]:
        groups, refreshes = self.groups, RefreshOperations(groups=self.groups)
        return {
            "CreateAutoScalingGroup": groups.create,
            "UpdateAutoScalingGroup": groups.update,
            "DeleteAutoScalingGroup": groups.delete,
            "DescribeAutoScalingGroups": groups.describe,
            "DescribeAutoScalingInstances": groups.describe_instances,
            "DescribeScalingActivities": groups.describe_activities,
            "SetDesiredCapacity": groups.resize,
            "TerminateInstanceInAutoScalingGroup": groups.terminate,
            "SetInstanceProtection": groups.protect,
            "StartInstanceRefresh": refreshes.start,
            "DescribeInstanceRefreshes": refreshes.describe,
            "CancelInstanceRefresh": refreshes.cancel,
        }


def service_of(plane: ControlPlane) -> Service:
    """The service, ready to be registered."""

    async def handle(request: Request) -> Response:
        tenant = Tenant(account=request.account, region=request.region)
        try:
            operation = operation_in(request.body)
            answer = await plane.call(tenant, operation, WIRE.parsed(request.body))
        except ScalingError as refused:
            return _refused(refused.code, str(refused), 400)
        body = WIRE.rendered(operation, answer, request.request_id)
        return Response(status=200, headers=_XML, body=body)

    return Service(
        name=SIGNING_NAME,
        signing_name=SIGNING_NAME,
        claims=lambda _method, _path, _headers: True,
        permissions=permissions_of,
        handle=handle,
        denied_status=403,
        refuse=_refused,
    )


def _refused(code: str, message: str, status: int) -> Response:
    body = WIRE.rendered_error(code.removesuffix("Exception"), message)
    return Response(status=status, headers=_XML, body=body)
