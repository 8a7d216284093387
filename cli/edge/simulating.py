"""Simulated devices of a fleet on this machine, against an embedded cloud.

A few may run the component as a process, by the scripts of its recipe; the others are light. All
ask their model at a steady rate, with rows from a file. A file named by a device in the folder
`off` switches it off until the file is gone (`tidegate edge switch`).
"""

import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.edge.fleets import EdgeFleet
from cli.edge.light import LightComponent, LightRunner
from cli.exits import CommandError, Exit
from cli.output import note
from emulator.clock import FILE_VARIABLE
from emulator.greengrass.device.exchange import Exchange
from emulator.greengrass.device.link import Link, LinkError
from emulator.greengrass.device.nucleus import Nucleus
from emulator.greengrass.device.runners import ProcessRunner
from emulator.runtime import Credentials

FOLDER = Path(".tidegate") / "edge"
OFF = "off"
SYNC_SECONDS = 60.0
"""How often a device asks for deployments, by the cloud's clock; on AWS it is told."""

_MOST_A_TURN = 30
"""Requests that a device sends in one turn, at most: the rest are not made up for."""

_TURN_WALL_SECONDS = 0.05
_ASK_SECONDS = 10
_AT_ONCE = 4
"""Devices that take their turn at one time: most of it is waiting for the cloud."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """What each device is asked."""

    rows: Sequence[bytes]
    requests_per_minute: float


def rows_in(path: Path) -> tuple[bytes, ...]:
    """Requests in a file, a JSON list of rows a line; CommandError for a file that is none."""
    try:
        lines = [line for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
        for line in lines:
            json.loads(line)
    except (OSError, ValueError) as error:
        raise CommandError(f"{path} has no requests as JSON lines: {error}", code=Exit.USAGE) from (
            error
        )
    if not lines:
        raise CommandError(f"{path} is empty: a request a line", code=Exit.USAGE)
    return tuple(line.encode() for line in lines)


@dataclass(kw_only=True, slots=True)
class SimulatedDevice:
    """A device that is simulated: its nucleus, and the applications that ask its model."""

    nucleus: Nucleus
    component: str
    load: Load
    switch: Path
    place: int = 0
    on: bool = True
    synced: float = 0.0
    asked: float | None = None
    failures: int = 0

    def turn(self) -> None:
        """What is due is done; a device that is switched off does nothing."""
        wanted = not self.switch.exists()
        if wanted != self.on:
            (self.nucleus.switch_on if wanted else self.nucleus.switch_off)()
            self.on, self.asked = wanted, None
        if not self.on:
            return
        now = self.nucleus.now()
        if now - self.synced >= SYNC_SECONDS:
            self.synced = now
            self._sync()
        self._ask(now)
        running = self._running()
        if isinstance(running, LightComponent):
            running.report()

    def _sync(self) -> None:
        try:
            self.nucleus.step()
        except LinkError as error:
            self.failures += 1
            if self.failures == 1:
                note(f"{self.nucleus.link.thing}: {error}")

    def _running(self) -> Any:
        installed = self.nucleus.components.get(self.component)
        return None if installed is None else installed.running

    def _ask(self, now: float) -> None:
        running = self._running()
        if running is None or self.asked is None:
            self.asked = now
            return
        due = int((now - self.asked) * self.load.requests_per_minute / 60)
        if due == 0:
            return
        self.asked = now
        for _ in range(min(due, _MOST_A_TURN)):
            body = self.load.rows[self.place % len(self.load.rows)]
            self.place += 1
            if isinstance(running, LightComponent):
                running.ask(body)
            else:
                self._ask_over_http(body)

    def _ask_over_http(self, body: bytes) -> None:
        file = self.nucleus.folder / "work" / self.component / "address"
        if not file.exists():
            return
        url = f"{file.read_text(encoding='utf-8')}/invocations"
        request = urllib.request.Request(url, data=body, method="POST")  # noqa: S310 - loopback
        try:
            with urllib.request.urlopen(request, timeout=_ASK_SECONDS) as answer:  # noqa: S310
                answer.read()
        except urllib.error.HTTPError as error:
            # The component has counted it.
            error.close()
        except OSError:
            # It is being started, or it ended: the nucleus sees to that.
            self.failures += 1


@dataclass(kw_only=True, slots=True)
class Simulation:
    """Devices that take turns, until they are told to stop."""

    devices: Sequence[SimulatedDevice]
    stopping: threading.Event = field(default_factory=threading.Event)

    def run(self, *, until: float | None = None) -> None:
        """Turns are taken until `until`, a moment of the cloud's clock, or until it is stopped."""
        with ThreadPoolExecutor(_AT_ONCE) as pool:
            self._run(pool, until=until)

    def _run(self, pool: ThreadPoolExecutor, *, until: float | None) -> None:
        while not self.stopping.is_set():
            for _ in pool.map(SimulatedDevice.turn, self.devices):
                pass
            if until is not None and self.devices[0].nucleus.now() >= until:
                return
            self.stopping.wait(_TURN_WALL_SECONDS)


@contextmanager
def simulated(
    fleet: EdgeFleet, things: Sequence[str], load: Load, *, processes: int, folder: Path = FOLDER
) -> Iterator[Simulation]:
    """Devices of these things, the first ones with processes; off at the end, with what they ran.

    CommandError on AWS: there, devices are real.
    """
    target = fleet.deployed.target
    if not target.embedded or target.endpoint_url is None:
        raise CommandError(
            "devices are simulated against an embedded cloud only: on AWS, install Greengrass's "
            "nucleus on a device ('tidegate edge enrol' says how)",
            code=Exit.REFUSED,
        )
    home = folder / fleet.place
    (home / OFF).mkdir(parents=True, exist_ok=True)
    links = [_link(fleet, thing) for thing in things]
    by_name = {link.thing: link for link in links}
    light = LightRunner(
        now=target.clock.now,
        publish=lambda topic, payload: by_name[topic.rpartition("/")[2]].publish(topic, payload),
    )
    exchanges = [Exchange(link) for link in links[:processes]]
    runners: list[Any] = [_process_runner(fleet, exchange) for exchange in exchanges]
    devices = [
        SimulatedDevice(
            nucleus=Nucleus(
                link=link,
                folder=home / link.thing,
                runner=runners[number] if number < len(runners) else light,
                now=target.clock.now,
                overrides={fleet.place: {"port": 0}},
            ),
            component=fleet.place,
            load=load,
            switch=home / OFF / link.thing,
            place=number,
        )
        for number, link in enumerate(links)
    ]
    try:
        yield Simulation(devices=devices)
    finally:
        _end(devices, exchanges)


def _end(devices: Sequence[SimulatedDevice], exchanges: Sequence[Exchange]) -> None:
    for device in devices:
        try:
            device.nucleus.switch_off()
        except LinkError:
            # The cloud is gone before its devices; what they ran has ended all the same.
            continue
    for exchange in exchanges:
        exchange.close()


def _link(fleet: EdgeFleet, thing: str) -> Link:
    target = fleet.deployed.target
    found = target.session.get_credentials()
    if found is None or target.endpoint_url is None:
        raise CommandError("the cloud gave no credentials", code=Exit.UNREACHABLE)
    keys = found.get_frozen_credentials()
    return Link(
        thing=thing,
        endpoint_url=target.endpoint_url,
        region=target.region,
        keys=Credentials(
            access_key=str(keys.access_key),
            secret_key=str(keys.secret_key),
            session_token=keys.token,
        ),
        role_alias=fleet.role_alias,
    )


def _process_runner(fleet: EdgeFleet, exchange: Exchange) -> ProcessRunner:
    target = fleet.deployed.target
    clock = target.clock.file
    environment: Mapping[str, str] = {
        **exchange.environment,
        "AWS_ENDPOINT_URL": str(target.endpoint_url),
        "AWS_DEFAULT_REGION": target.region,
        **({} if clock is None else {FILE_VARIABLE: str(clock)}),
    }
    return ProcessRunner(environment=environment)


def switch(fleet: EdgeFleet, thing: str, *, off: bool, folder: Path = FOLDER) -> None:
    """A simulated device is off, or on again, from its next turn on."""
    file = folder / fleet.place / OFF / thing
    if not off:
        file.unlink(missing_ok=True)
        return
    file.parent.mkdir(parents=True, exist_ok=True)
    file.touch()
