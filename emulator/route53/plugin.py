"""Puts Route 53 into the running cloud: API, resource types, DNS server, health checkers."""

import asyncio
import contextlib
import random
import threading
from typing import Any

from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.route53.answers import Answer, Resolver
from emulator.route53.check_config import CheckConfig, config_of
from emulator.route53.checks import HealthChecker
from emulator.route53.choice import Draw
from emulator.route53.health import Balancer, Balancers, HealthEvaluation
from emulator.route53.operations import ZoneOperations
from emulator.route53.probes import Place
from emulator.route53.publication import Publications
from emulator.route53.resources import register_zones
from emulator.route53.server import DnsServer
from emulator.route53.service import HostedZones
from emulator.runtime import Runtime
from emulator.seams import cloudwatch, tenancy
from emulator.seams import route53 as seam
from emulator.seams.services import register_service

TICK_BOUNDS_SECONDS = (0.05, 1.0)
"""The checkers' shortest and longest pause, on the wall's clock."""
TICK_CLOUD_SECONDS = 1.0

_installed: dict[int, "HostedDns"] = {}


class KnownBalancers:
    """The load balancers of this cloud; their plugin names itself here when it is installed."""

    def __init__(self) -> None:
        self.source: Balancers | None = None

    def find(self, dns_name: str) -> Balancer | None:
        """The load balancer of that name, None if there is none."""
        return None if self.source is None else self.source.find(dns_name)


class HostedDns:
    """Route 53 of one cloud, as its other plugins use it."""

    def __init__(self, runtime: Runtime, draw: Draw) -> None:
        self._runtime = runtime
        self._draw = draw
        self.balancers = KnownBalancers()
        self.publications = Publications(runtime.clock.now)
        self.operations = ZoneOperations(self.publications, self.balancers)
        self.checker = HealthChecker(
            now=runtime.clock.now, locate=self._locate, alarm_state=self._alarm_state
        )
        self.stopping = threading.Event()

    def resolve(self, name: str, record_type: str) -> Answer:
        """What the DNS server says to the question now; the name in lower case, with its dot."""
        zones = self.publications.zones()
        health = HealthEvaluation(
            zones=zones, balancers=self.balancers, check_passes=self.checker.passes
        )
        resolver = Resolver(zones=zones, balancers=self.balancers, health=health, draw=self._draw)
        return resolver.resolve(name, record_type)

    def addresses(self, host: str) -> tuple[str, ...]:
        """The IPv4 addresses of a host in this cloud's zones, none if it has none."""
        answer = self.resolve(f"{host.lower().rstrip('.')}.", "A")
        return tuple(v for records in answer.records if records.type == "A" for v in records.values)

    def now(self) -> float:
        """Unix time on the cloud's clock, in seconds."""
        return self._runtime.clock.now()

    def wait_for(self, change_id: str) -> None:
        """The change is INSYNC; blocks the calling thread."""
        self.operations.wait_for(change_id, self._runtime.keeper.sleep)

    def refresh_checks(self) -> None:
        """The checker knows the health checks that exist now."""
        raw: dict[str, dict[str, Any]] = {}
        for account in self._runtime.settings.accounts:
            with tenancy.acting_for(account, self._runtime.settings.region):
                raw |= seam.health_check_configs()
        self.checker.know({check_id: config_of(config) for check_id, config in raw.items()})

    def _locate(self, config: CheckConfig) -> Place | None:
        address = config.address
        if address is None:
            found = self.addresses(config.host) if config.host is not None else ()
            address = found[0] if found else None
        if address is None:
            return None
        return Place(address=address, port=self._runtime.local_port(config.port))

    def _alarm_state(self, region: str, name: str) -> str | None:
        # A check names no account of its alarm: the first that has one of this name.
        accounts = self._runtime.settings.accounts
        found = (cloudwatch.alarm_states(account, region).get(name) for account in accounts)
        return next((state for state in found if state is not None), None)


def install_route53(runtime: Runtime) -> None:
    """The API is ours where it matters, and DNS is answered while the cloud runs."""
    hosted = HostedDns(runtime, random.SystemRandom().random)
    _installed[id(runtime)] = hosted
    api = HostedZones(
        operations=hosted.operations, resolve=hosted.resolve, check_status=hosted.checker.status
    )
    register_service(api.service())
    register_zones(RESOURCE_TYPES, hosted.operations, hosted.wait_for)
    server = DnsServer(hosted.resolve)
    tasks: list[asyncio.Task[None]] = []
    shortest, longest = TICK_BOUNDS_SECONDS
    pause = min(longest, max(shortest, runtime.clock.wall_seconds(TICK_CLOUD_SECONDS)))

    async def start() -> None:
        await server.start(runtime.settings.dns_port)
        runtime.facts["dns_port"] = server.port
        tasks.append(asyncio.get_running_loop().create_task(_keep_checking(hosted, pause)))

    async def stop() -> None:
        hosted.stopping.set()
        for task in tasks:
            task.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await hosted.checker.close()
        await server.close()

    runtime.on_start(start)
    runtime.on_stop(stop)


def installed(runtime: Runtime) -> HostedDns:
    """The DNS of that cloud, for plugins that resolve names or need records."""
    return _installed[id(runtime)]


async def _keep_checking(hosted: HostedDns, pause_seconds: float) -> None:
    while True:
        hosted.refresh_checks()
        hosted.checker.tick()
        await asyncio.sleep(pause_seconds)
