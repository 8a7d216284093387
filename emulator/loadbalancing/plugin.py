"""Puts load balancers into the running cloud: API, resource types, listeners, health, web ACLs."""

import random
import time
from collections.abc import Mapping
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
from emulator.loadbalancing.keysets import KeySets, Locations
from emulator.loadbalancing.listeners import ListenerOperations, certificate_arns
from emulator.loadbalancing.listening import ListenerSockets
from emulator.loadbalancing.resources import register_associations, register_balancers
from emulator.loadbalancing.rules import RuleOperations
from emulator.loadbalancing.store import Store
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
    front = Front(store, _surroundings(runtime, guard))
    health = GroupHealth(store=store, probe=front.probe, now=runtime.clock.now)
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
        groups=GroupOperations(store=store, health=health, may_invoke=_may_invoke),
        listeners=ListenerOperations(store=store, sockets=sockets, certificates=certificates),
        rules=RuleOperations(store=store),
    )
    register_service(service_of(plane))
    register_balancers(RESOURCE_TYPES, bundled_catalogue(), plane, runtime.run_on_loop)
    register_associations(RESOURCE_TYPES, guard)
    firewalls.install(guard)
    dns_of(runtime).balancers.source = DnsNames(store, health)
    certificates_of(runtime).users = lambda arn: _users(store, arn)
    _keep_checking(runtime, health, sockets)


def _surroundings(runtime: Runtime, guard: AclGuard) -> Surroundings:
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
