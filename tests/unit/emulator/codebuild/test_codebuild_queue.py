"""A bounded number of builds runs at once; the others wait in their order."""

import threading
from collections.abc import Callable
from typing import Any

from emulator.codebuild.queue import BuildQueue
from emulator.codebuild.state import Build, BuildStatus, Project, Tenant
from tests.polling import until

TENANT = Tenant("000000000000", "us-east-1")


class Machine:
    """Runs builds until each is let go."""

    def __init__(self, places: int) -> None:
        self.running: list[str] = []
        self.left: list[str] = []
        self._gates: dict[str, threading.Event] = {}
        self.queue = BuildQueue(self._run, lambda build: self.left.append(build.id), places=places)

    def submit(self, build: Build) -> None:
        """Queue the build."""
        self._gates[build.id] = threading.Event()
        self.queue.submit(build)

    def finish(self, build: Build) -> None:
        """Let the build end."""
        self._gates[build.id].set()

    def _run(self, build: Build) -> None:
        self.running.append(build.id)
        self._gates[build.id].wait(10)
        self.running.remove(build.id)


def _build(number: int, limit: int | None = None, name: str = "p") -> Build:
    request: dict[str, Any] = {} if limit is None else {"concurrentBuildLimit": limit}
    project = Project(tenant=TENANT, name=name, request=request, tags={}, created=0.0, modified=0.0)
    return Build(
        project=project, id=f"{name}:{number}", number=number, overrides={}, settings={},
        initiator="", started=0.0,
    )  # fmt: skip


def _running(machine: Machine) -> Callable[[list[str]], None]:
    def check(wanted: list[str]) -> None:
        until(lambda: sorted(machine.running) == wanted, seconds=5, what=f"{wanted} run")

    return check


def test_places_are_filled_in_order():
    """The third waits until one of two ends."""
    machine = Machine(2)
    builds = [_build(n) for n in range(3)]
    for build in builds:
        machine.submit(build)
    _running(machine)(["p:0", "p:1"])
    machine.finish(builds[0])
    _running(machine)(["p:1", "p:2"])
    for build in builds[1:]:
        machine.finish(build)
    _running(machine)([])


def test_a_projects_limit_holds_back_its_own_builds_only():
    """Another project's build passes."""
    machine = Machine(2)
    first, second, other = _build(0, 1), _build(1, 1), _build(0, name="q")
    for build in (first, second, other):
        machine.submit(build)
    _running(machine)(["p:0", "q:0"])
    for build in (first, second, other):
        machine.finish(build)
    _running(machine)([])


def test_a_waiting_build_can_leave():
    """It never runs; one that runs can't leave the queue."""
    machine = Machine(1)
    first, second = _build(0), _build(1)
    machine.submit(first)
    machine.submit(second)
    _running(machine)(["p:0"])
    assert machine.queue.drop(second, BuildStatus.STOPPED)
    assert not machine.queue.drop(first, BuildStatus.STOPPED)
    machine.finish(first)
    _running(machine)([])
    assert machine.left == ["p:1"]
    assert second.end_requested is BuildStatus.STOPPED
