"""Puts load balancers into the running cloud: API, resource types, listeners, health, web ACLs."""

import random
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from emulator.certificates.plugin import installed as certificates_of
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.loadbalancing.api import ControlPlane, service_of
from emulator.loadbalancing.balancers import BalancerOperations
from emulator.loadbalancing.firewall import Firewall, faults_of
from emulator.loadbalancing.front import Front, Invocation, Surroundings
from emulator.loadbalancing.groups import GroupOperations
from emulator.loadbalancing.health import GroupHealth
from emulator.loadbalancing.instance_targets import NO_INSTANCES, Instances
from emulator.loadbalancing.keysets import KeySets, Locations
from emulator.loadbalancing.listeners import ListenerOperations, certificate_arns
from emulator.loadbalancing.listening import ListenerSockets
from emulator.loadbalancing.messages import HttpRequest, HttpResponse
from emulator.loadbalancing.resources import register_associations, register_balancers
from emulator.loadbalancing.rules import RuleOperations
from emulator.loadbalancing.store import Store, Tenant
from emulator.periodic import keep_doing
from emulator.route53.health import Balancer
from emulator.route53.plugin import installed as dns_of
from emulator.runtime import Runtime
from emulator.seams import certificates, firewalls, function_targets
from emulator.seams.permissions import Source
from emulator.seams.services import register_service

TICK_BOUNDS_SECONDS = (0.05, 1.0)
"""The health checks' shortest and longest pause, on the wall's clock."""
TICK_CLOUD_SECONDS = 1.0


class AclGuard:
    """Which web ACLs are enforced, for which resources, and on whom."""

    def __init__(self, store: Store, firewall: Firewall) -> None:
        self._store = store
        self._firewall = firewall

    def faults(self, acl: Mapping[str, Any]) -> list[str]:
        """What of the ACL would not be enforced."""
        return list(faults_of(acl))

    def exists(self, resource_arn: str) -> bool:
        """Whether there is such a load balancer."""
        return resource_arn in self._store.balancers

    def blocks(self, balancer_arn: str, client: str) -> bool:
        """Whether the load balancer's ACL, if any, blocks a request of the client."""
        acl = firewalls.acl_for(balancer_arn)
        return acl is not None and self._firewall.blocks(acl, client)


class DnsNames:
    """The load balancers as DNS sees them."""

    def __init__(self, store: Store, health: GroupHealth) -> None:
        self._store = store
        self._health = health

    def find(self, dns_name: str) -> Balancer | None:
        """The load balancer of that name, None if there is none."""
        for entry in list(self._store.balancers.values()):
            if entry.shape["DNSName"] == dns_name:
                healthy = self._health.balancer_healthy(entry.arn)
                return Balancer(addresses=(entry.address,), healthy=healthy)
        return None


class KnownInstances:
    """The instances of this cloud; what starts them names itself here when it is installed."""

    def __init__(self) -> None:
        self.source: Instances = NO_INSTANCES
        self.runs: Callable[[str], bool] = lambda _instance: False

    def has(self, instance_id: str) -> bool:
        """Whether there is such an instance."""
        return self.runs(instance_id)

    async def exchange(self, instance_id: str, port: int, request: HttpRequest) -> HttpResponse:
        """What the instance answers; ConnectionError where nothing listens or it broke off."""
        return await self.source.exchange(instance_id, port, request)


@dataclass(frozen=True, slots=True, kw_only=True)
class Balancing:
    """Load balancing of one cloud, as its other plugins use it."""

    instances: KnownInstances
    plane: ControlPlane
    health: GroupHealth

    def knows(self, group_arn: str) -> bool:
        """Whether there is such a target group."""
        return group_arn in self.plane.store.groups

    def register(self, group_arn: str, instance_id: str) -> None:
        """The instance is a target of the group; BalancingError if it can't be."""
        tenant = Tenant(*_owner(group_arn))
        request = {"TargetGroupArn": group_arn, "Targets": [{"Id": instance_id}]}
        self.plane.groups.register(tenant, request)

    def deregister(self, group_arn: str, instance_id: str) -> None:
        """The instance gets nothing new of the group; one that was gone counts."""
        if self.knows(group_arn):
            tenant = Tenant(*_owner(group_arn))
            request = {"TargetGroupArn": group_arn, "Targets": [{"Id": instance_id}]}
            self.plane.groups.deregister(tenant, request)

    def drain_seconds(self, group_arn: str) -> float:
        """How long a target that leaves may finish what is under way, of the cloud's time."""
        group = self.plane.store.groups.get(group_arn)
        if group is None:
            return 0.0
        return float(group.attributes["deregistration_delay.timeout_seconds"])

    def unhealthy(self, group_arn: str, instance_id: str) -> bool:
        """Whether the group's health checks have given the instance up."""
        group = self.plane.store.groups.get(group_arn)
        targets = [] if group is None else [o for o in group.targets if o["Id"] == instance_id]
        return group is not None and any(
            self.health.state(group, one)["State"] == "unhealthy" for one in targets
        )


def _owner(arn: str) -> tuple[str, str]:
    region, account = arn.split(":")[3:5]
    return account, region


_installed: dict[int, Balancing] = {}


def installed(runtime: Runtime) -> Balancing:
    """Load balancing of that cloud."""
    return _installed[id(runtime)]


async def invoke(function_arn: str, event: dict[str, Any], group_arn: str) -> Invocation:
    """The function has run for the target group."""
    done = await function_targets.invoke(function_arn, event, _source(group_arn))
    return Invocation(result=done.result, refused=done.refused)


def _may_invoke(function_arn: str, group_arn: str) -> bool:
    return function_targets.permits(function_arn, _source(group_arn))


def _source(group_arn: str) -> Source:
    """The target group, as the resource policies of functions name it."""
    principal = "elasticloadbalancing.amazonaws.com"
    return Source(service=principal, arn=group_arn, account=group_arn.split(":")[4])


def install_balancers(runtime: Runtime) -> None:
    """Both planes answer, and templates may contain load balancers."""
    store = Store()
    guard = AclGuard(store, Firewall(runtime.clock.now))
    instances = KnownInstances()
    front = Front(store, _surroundings(runtime, guard, instances))
    health = GroupHealth(store=store, probe=front.probe, now=runtime.clock.now)
    front.routed = health.routed
    directory = runtime.state_directory / "listeners"
    directory.mkdir(exist_ok=True)
    sockets = ListenerSockets(
        store=store,
        handle=front.handle,
        material_of=certificates.material_of,
        local_port=runtime.local_port,
        directory=directory,
    )
    plane = ControlPlane(
        store=store,
        balancers=BalancerOperations(
            store=store,
            now=lambda: datetime.fromtimestamp(runtime.clock.now(), UTC).isoformat(),
            close_listener=sockets.close,
        ),
        groups=GroupOperations(
            store=store,
            health=health,
            may_invoke=_may_invoke,
            runs=instances.has,
        ),
        listeners=ListenerOperations(store=store, sockets=sockets, certificates=certificates),
        rules=RuleOperations(store=store),
    )
    register_service(service_of(plane))
    register_balancers(RESOURCE_TYPES, bundled_catalogue(), plane, runtime.run_on_loop)
    register_associations(RESOURCE_TYPES, guard)
    firewalls.install(guard)
    dns_of(runtime).balancers.source = DnsNames(store, health)
    certificates_of(runtime).users = lambda arn: _users(store, arn)
    _installed[id(runtime)] = Balancing(instances=instances, plane=plane, health=health)
    _keep_checking(runtime, health, sockets)


def _surroundings(runtime: Runtime, guard: AclGuard, instances: KnownInstances) -> Surroundings:
    manager = certificates_of(runtime)
    locations = Locations(
        addresses=dns_of(runtime).addresses,
        local_port=runtime.local_port,
        front_door_port=runtime.port,
    )
    return Surroundings(
        invoke=invoke,
        keys=KeySets(locations, lambda: manager.authority.pem, time.monotonic),
        blocks=guard.blocks,
        draw=random.SystemRandom().random,
        now=time.time,
        instances=instances,
    )


def _users(store: Store, certificate_arn: str) -> list[str]:
    """The load balancers that serve a certificate."""
    found = {
        listener.shape["LoadBalancerArn"]
        for listener in list(store.listeners.values())
        if certificate_arn in certificate_arns(listener)
    }
    return sorted(found)


def _keep_checking(runtime: Runtime, health: GroupHealth, sockets: ListenerSockets) -> None:
    async def tick() -> None:
        health.tick()

    async def close() -> None:
        await sockets.close_all()
        await health.close()

    # Hooks of the end run last registered first: no check follows the closing.
    runtime.on_stop(close)
    keep_doing(
        runtime,
        tick,
        every_cloud_seconds=TICK_CLOUD_SECONDS,
        pause_bounds=TICK_BOUNDS_SECONDS,
    )
