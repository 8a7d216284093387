"""The load balancing API: its operations, what they need permission for, and its wire."""

import inspect
import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl

from emulator.loadbalancing import wire
from emulator.loadbalancing.balancers import BalancerOperations
from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loadbalancing.groups import GroupOperations
from emulator.loadbalancing.listeners import ListenerOperations
from emulator.loadbalancing.rules import RuleOperations
from emulator.loadbalancing.store import Entry, Json, Store, Tenant
from emulator.seams.services import Permission, Request, Response, Service

SIGNING_NAME = "elasticloadbalancing"
CONTENT_TYPE = "text/xml"
_RESOURCE_MEMBERS = re.compile(
    r"(LoadBalancerArn|TargetGroupArn|ListenerArn|RuleArn|ResourceArns\.member\.\d+"
    r"|RulePriorities\.member\.\d+\.RuleArn)"
)

Operation = Callable[[Tenant, Mapping[str, Any]], Json | Awaitable[Json]]


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """All operations; templates and the API go through `call` alike."""

    store: Store
    balancers: BalancerOperations
    groups: GroupOperations
    listeners: ListenerOperations
    rules: RuleOperations

    async def call(self, tenant: Tenant, operation: str, request: Mapping[str, Any]) -> Json:
        """The operation's answer; BalancingError if it is refused. On the event loop only."""
        wire.check(operation, request)
        handler = self._operations().get(operation)
        if handler is None:
            raise not_emulated(f"the operation {operation}")
        answer = handler(tenant, request)
        return await answer if inspect.isawaitable(answer) else answer

    def _operations(self) -> dict[str, Operation]:
        balancers, groups, listeners, rules = (
            self.balancers,
            self.groups,
            self.listeners,
            self.rules,
        )
        return {
            "CreateLoadBalancer": balancers.create,
            "DescribeLoadBalancers": balancers.describe,
            "DeleteLoadBalancer": balancers.delete,
            "DescribeLoadBalancerAttributes": balancers.describe_attributes,
            "ModifyLoadBalancerAttributes": balancers.modify_attributes,
            "SetSecurityGroups": balancers.set_security_groups,
            "SetSubnets": balancers.set_subnets,
            "CreateTargetGroup": groups.create,
            "DescribeTargetGroups": groups.describe,
            "ModifyTargetGroup": groups.modify,
            "DeleteTargetGroup": groups.delete,
            "DescribeTargetGroupAttributes": groups.describe_attributes,
            "ModifyTargetGroupAttributes": groups.modify_attributes,
            "RegisterTargets": groups.register,
            "DeregisterTargets": groups.deregister,
            "DescribeTargetHealth": groups.describe_health,
            "CreateListener": listeners.create,
            "DescribeListeners": listeners.describe,
            "ModifyListener": listeners.modify,
            "DeleteListener": listeners.delete,
            "DescribeListenerAttributes": listeners.describe_attributes,
            "ModifyListenerAttributes": listeners.modify_attributes,
            "AddListenerCertificates": listeners.add_certificates,
            "RemoveListenerCertificates": listeners.remove_certificates,
            "DescribeListenerCertificates": listeners.describe_certificates,
            "CreateRule": rules.create,
            "DescribeRules": rules.describe,
            "ModifyRule": rules.modify,
            "DeleteRule": rules.delete,
            "SetRulePriorities": rules.set_priorities,
            "AddTags": self._add_tags,
            "RemoveTags": self._remove_tags,
            "DescribeTags": self._describe_tags,
        }

    def _add_tags(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        for entry in self._tagged(request):
            entry.tags |= {tag["Key"]: tag.get("Value", "") for tag in request["Tags"]}
        return {}

    def _remove_tags(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        for entry in self._tagged(request):
            for key in request["TagKeys"]:
                entry.tags.pop(key, None)
        return {}

    def _describe_tags(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        return {
            "TagDescriptions": [
                {
                    "ResourceArn": entry.arn,
                    "Tags": [{"Key": key, "Value": value} for key, value in entry.tags.items()],
                }
                for entry in self._tagged(request)
            ]
        }

    def _tagged(self, request: Mapping[str, Any]) -> list[Entry]:
        found = []
        for arn in request["ResourceArns"]:
            entry = self.store.tagged(arn)
            if entry is None:
                raise invalid(f"'{arn}' is not a load balancing resource of this cloud")
            found.append(entry)
        return found


def service_of(plane: ControlPlane) -> Service:
    """The service, ready to be registered."""

    async def handle(request: Request) -> Response:
        tenant = Tenant(account=request.account, region=request.region)
        try:
            operation = wire.operation_in(request.body)
            answer = await plane.call(tenant, operation, wire.parsed(request.body))
        except BalancingError as refused:
            return _refused(refused.code, str(refused), 400)
        body = wire.rendered(operation, answer, request.request_id)
        return Response(status=200, headers={"Content-Type": CONTENT_TYPE}, body=body)

    return Service(
        name=SIGNING_NAME,
        signing_name=SIGNING_NAME,
        claims=lambda _method, _path, _headers: True,
        permissions=permissions_of,
        handle=handle,
        denied_status=403,
        refuse=_refused,
    )


def permissions_of(request: Request) -> list[Permission]:
    """The operation on each resource that the request names, or on all of a kind (`*`)."""
    parameters = dict(parse_qsl(request.body.decode()))
    operation = parameters.get("Action", "")
    named = [value for key, value in parameters.items() if _RESOURCE_MEMBERS.fullmatch(key)]
    if not operation or operation.startswith("Describe"):
        named = []  # AWS grants these on `*` only
    action = f"{SIGNING_NAME}:{operation}"
    if not named:
        return [Permission(action=action)]
    return [Permission(action=action, resource=arn) for arn in dict.fromkeys(named)]


def _refused(code: str, message: str, status: int) -> Response:
    body = wire.rendered_error(code.removesuffix("Exception"), message)
    return Response(status=status, headers={"Content-Type": CONTENT_TYPE}, body=body)
