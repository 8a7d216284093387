"""`AWS::ElasticLoadBalancingV2` and `AWS::WAFv2::WebACLAssociation` in templates.

They call the operations of the API, so that a template and a caller are refused for the same
things. `Ref` is the ARN, of an association the load balancer's and the ACL's.
"""

from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from emulator.cloudformation.generic import replaces
from emulator.cloudformation.registry import (
    HandlerRegistry,
    PartlyCreatedError,
    Provisioned,
    ResourceContext,
    ResourceError,
)
from emulator.cloudformation.schemas import ResourceSchema, SchemaCatalogue
from emulator.loadbalancing.api import ControlPlane
from emulator.loadbalancing.errors import BalancingError
from emulator.loadbalancing.store import Json, Tenant
from emulator.seams import firewalls

RunOnLoop = Callable[[Coroutine[Any, Any, Any]], Any]
LONGEST_NAME = 32
ASSOCIATION = "AWS::WAFv2::WebACLAssociation"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An operation that brings some properties to a resource which exists."""

    operation: str
    properties: tuple[str, ...]
    member: str = ""
    """The member that takes the one property, if it is named otherwise."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Kind:
    """One resource type: the nouns of its operations and members, and what changes in place."""

    noun: str
    arn: str
    listed: str
    attributes: Mapping[str, str]
    """What Fn::GetAtt answers, by the member of the API's shape."""
    steps: Sequence[Step] = ()
    generated_name: str | None = None
    not_created: frozenset[str] = field(default_factory=frozenset)
    """Properties that the Create operation does not take: steps bring them."""
    unsupported: frozenset[str] = field(default_factory=frozenset)


BALANCER = Kind(
    noun="LoadBalancer",
    arn="LoadBalancerArn",
    listed="LoadBalancers",
    generated_name="Name",
    attributes={
        "LoadBalancerArn": "LoadBalancerArn",
        "LoadBalancerName": "LoadBalancerName",
        "DNSName": "DNSName",
        "CanonicalHostedZoneID": "CanonicalHostedZoneId",
        "SecurityGroups": "SecurityGroups",
    },
    not_created=frozenset({"LoadBalancerAttributes"}),
    unsupported=frozenset(
        {"EnforceSecurityGroupInboundRulesOnPrivateLinkTraffic", "MinimumLoadBalancerCapacity"}
    ),
    steps=(
        Step(
            operation="ModifyLoadBalancerAttributes",
            properties=("LoadBalancerAttributes",),
            member="Attributes",
        ),
        Step(operation="SetSecurityGroups", properties=("SecurityGroups",)),
        Step(operation="SetSubnets", properties=("Subnets", "SubnetMappings")),
    ),
)
GROUP = Kind(
    noun="TargetGroup",
    arn="TargetGroupArn",
    listed="TargetGroups",
    generated_name="Name",
    attributes={
        "TargetGroupArn": "TargetGroupArn",
        "TargetGroupName": "TargetGroupName",
        "LoadBalancerArns": "LoadBalancerArns",
    },
    not_created=frozenset({"TargetGroupAttributes", "Targets"}),
    steps=(
        Step(
            operation="ModifyTargetGroup",
            properties=(
                "HealthCheckEnabled",
                "HealthCheckIntervalSeconds",
                "HealthCheckTimeoutSeconds",
                "HealthyThresholdCount",
                "UnhealthyThresholdCount",
                "HealthCheckPath",
                "Matcher",
            ),
        ),
        Step(
            operation="ModifyTargetGroupAttributes",
            properties=("TargetGroupAttributes",),
            member="Attributes",
        ),
        Step(operation="RegisterTargets", properties=("Targets",)),
    ),
)
LISTENER = Kind(
    noun="Listener",
    arn="ListenerArn",
    listed="Listeners",
    attributes={"ListenerArn": "ListenerArn"},
    not_created=frozenset({"ListenerAttributes"}),
    steps=(
        Step(
            operation="ModifyListener",
            properties=(
                "Port",
                "Protocol",
                "Certificates",
                "SslPolicy",
                "DefaultActions",
                "AlpnPolicy",
                "MutualAuthentication",
            ),
        ),
        Step(
            operation="ModifyListenerAttributes",
            properties=("ListenerAttributes",),
            member="Attributes",
        ),
    ),
)
RULE = Kind(
    noun="Rule",
    arn="RuleArn",
    listed="Rules",
    attributes={"RuleArn": "RuleArn", "IsDefault": "IsDefault"},
    steps=(Step(operation="ModifyRule", properties=("Actions", "Conditions", "Transforms")),),
)
TYPES = {
    "AWS::ElasticLoadBalancingV2::LoadBalancer": BALANCER,
    "AWS::ElasticLoadBalancingV2::TargetGroup": GROUP,
    "AWS::ElasticLoadBalancingV2::Listener": LISTENER,
    "AWS::ElasticLoadBalancingV2::ListenerRule": RULE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class BalancingResource:
    """Creates, changes, replaces and deletes the resources of one kind."""

    kind: Kind
    schema: ResourceSchema
    plane: ControlPlane
    run: RunOnLoop

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The resource exists with all that the template says of it."""
        unsupported = self.kind.unsupported & properties.keys()
        if unsupported:
            names = ", ".join(sorted(unsupported))
            raise ResourceError(f"the embedded cloud does not emulate {names}")
        request = {k: v for k, v in properties.items() if k not in self.kind.not_created}
        named = self.kind.generated_name
        if named is not None and named not in request:
            request[named] = context.generated_name(LONGEST_NAME).replace("_", "-")
        arn = self._created(context, request)
        try:
            for step in self.kind.steps:
                if set(step.properties) & properties.keys() & self.kind.not_created:
                    self._take(context, step, arn, ({}, dict(properties)))
        except ResourceError as error:
            raise PartlyCreatedError(str(error), physical_id=arn) from error
        return self._provisioned(context, arn)

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """The resource is as the template says, as a new one where the type demands it."""
        if replaces(self.schema, old, new):
            return self.create(context, new)
        for step in self.kind.steps:
            if any(old.get(name) != new.get(name) for name in step.properties):
                self._take(context, step, physical_id, (dict(old), dict(new)))
        if self.kind is RULE and old["Priority"] != new["Priority"]:
            pairs = [{"RuleArn": physical_id, "Priority": new["Priority"]}]
            self._call(context, "SetRulePriorities", {"RulePriorities": pairs})
        self._retag(context, physical_id, old, new)
        return self._provisioned(context, physical_id)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """The resource is gone; one that was gone already counts."""
        del properties
        if self.plane.store.tagged(physical_id) is not None:
            self._call(context, f"Delete{self.kind.noun}", {self.kind.arn: physical_id})

    def _created(self, context: ResourceContext, request: Mapping[str, Any]) -> str:
        answer = self._call(context, f"Create{self.kind.noun}", request)
        return str(answer[self.kind.listed][0][self.kind.arn])

    def _take(
        self, context: ResourceContext, step: Step, arn: str, change: tuple[Json, Json]
    ) -> None:
        """The step's properties are as the later of the two says."""
        old, new = change
        if step.operation == "RegisterTargets":
            gone = [t for t in old.get("Targets", []) if t not in new.get("Targets", [])]
            if gone:
                request = {self.kind.arn: arn, "Targets": gone}
                self._call(context, "DeregisterTargets", request)
            if not new.get("Targets"):
                return
        given = {name: new[name] for name in step.properties if name in new}
        if step.member:
            given = {step.member: list(new.get(step.properties[0], []))}
        self._call(context, step.operation, {self.kind.arn: arn, **given})

    def _provisioned(self, context: ResourceContext, arn: str) -> Provisioned:
        asked = {f"{self.kind.arn}s": [arn]}
        shape = self._call(context, f"Describe{self.kind.listed}", asked)[self.kind.listed][0]
        attributes = {name: shape.get(member, []) for name, member in self.kind.attributes.items()}
        if self.kind in (BALANCER, GROUP):
            full = arn.rpartition(":")[2]
            full = full.removeprefix("loadbalancer/") if self.kind is BALANCER else full
            attributes[f"{self.kind.noun}FullName"] = full
        return Provisioned(physical_id=arn, attributes=attributes)

    def _retag(
        self, context: ResourceContext, arn: str, old: Mapping[str, Any], new: Mapping[str, Any]
    ) -> None:
        before = {tag["Key"] for tag in old.get("Tags", [])}
        after = {tag["Key"] for tag in new.get("Tags", [])}
        if before - after:
            request = {"ResourceArns": [arn], "TagKeys": sorted(before - after)}
            self._call(context, "RemoveTags", request)
        if new.get("Tags"):
            self._call(context, "AddTags", {"ResourceArns": [arn], "Tags": new["Tags"]})

    def _call(self, context: ResourceContext, operation: str, request: Mapping[str, Any]) -> Json:
        tenant = Tenant(context.account, context.region)
        try:
            answer: Json = self.run(self.plane.call(tenant, operation, request))
        except BalancingError as error:
            raise ResourceError(
                f"{error} (Service: ElasticLoadBalancingV2, Status Code: 400, "
                f"Error Code: {error.code})"
            ) from error
        return answer


class AssociationResource:
    """A web ACL before a load balancer; enforced or refused."""

    def __init__(self, guard: firewalls.Guard) -> None:
        self._guard = guard

    def create(self, context: ResourceContext, properties: Mapping[str, Any]) -> Provisioned:
        """The load balancer's requests are checked by the ACL."""
        del context
        acl, resource = properties["WebACLArn"], properties["ResourceArn"]
        try:
            firewalls.associate(self._guard, acl, resource)
        except firewalls.RefusedError as refused:
            raise ResourceError(str(refused)) from refused
        return Provisioned(physical_id=f"{resource}|{acl}")

    def update(
        self,
        context: ResourceContext,
        physical_id: str,
        old: Mapping[str, Any],
        new: Mapping[str, Any],
    ) -> Provisioned:
        """Another pair is another association."""
        del physical_id, old
        return self.create(context, new)

    def delete(
        self, context: ResourceContext, physical_id: str, properties: Mapping[str, Any]
    ) -> None:
        """That ACL is no longer before the load balancer; one put there since stays."""
        del context, properties
        resource, _, acl = physical_id.partition("|")
        current = firewalls.acl_for(resource)
        if current is not None and current["ARN"] == acl:
            firewalls.dissociate(resource)


def register_balancers(
    registry: HandlerRegistry, catalogue: SchemaCatalogue, plane: ControlPlane, run: RunOnLoop
) -> None:
    """Templates with load balancers get listeners that answer."""
    for type_name, kind in TYPES.items():
        handler = BalancingResource(
            kind=kind, schema=catalogue.load(type_name), plane=plane, run=run
        )
        registry.add_blocking(type_name, handler)


def register_associations(registry: HandlerRegistry, guard: firewalls.Guard) -> None:
    """Templates can put web ACLs before load balancers."""
    registry.add(ASSOCIATION, AssociationResource(guard))
