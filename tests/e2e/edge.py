"""An edge fleet on an embedded cloud, for stories: deployed, enrolled, simulated and released."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.deployed import Deployed
from cli.deployment import deploy_stacks
from cli.edge.enrolling import enrol, numbered
from cli.edge.fleets import Device, EdgeFleet, RingStanding, fleet_of
from cli.edge.simulating import OFF, Load, Simulation, simulated
from cli.options import Place
from cli.project import read_project
from cli.target import embedded_target
from cli.verbs import start_release
from emulator.server import EmbeddedCloud
from examples.edge.parts import parts
from examples.edge.train import write
from tests.polling import until
from tidegate.errors import NotFoundError
from tidegate.pointer import Declaration
from tidegate.ports import EndpointState
from tidegate.view import ReleaseView

FLEET = "inspector"
PROJECT = """
project: {project}
stages:
  test: {{ region: us-east-1, data_on_destroy: delete }}
edge:
  inspector:
    artifact: {artifact}
    rings:
      - {{ percent: 1, bake: {bake} }}
      - {{ percent: 10, bake: {bake} }}
    guardrails: {{ errors: {{ margin: 0.1 }} }}
    hold: 4h
"""
ROWS = tuple(json.dumps([row.tolist()]).encode() for row in parts(200, seed=11).rows)


@dataclass(slots=True, kw_only=True)
class EdgeWorld:
    """A project with one fleet."""

    cloud: EmbeddedCloud
    folder: Path
    project: str
    bake: str = "5m"
    _place: Place | None = field(default=None, repr=False)

    def deploy(self, version: str) -> None:
        """As `tidegate deploy` does, with that version of the example's model."""
        artifact = self.folder / "build" / version
        write(version, artifact)
        path = self.folder / f"{self.project}.yaml"
        text = PROJECT.format(project=self.project, artifact=artifact, bake=self.bake)
        path.write_text(text, encoding="utf-8")
        project = read_project(path)
        self._place = Place(project=project, stage="test", target=embedded_target(self.cloud))
        deploy_stacks(self._place, assembly=self.folder / "cdk.out")

    @property
    def where(self) -> Place:
        """The place as last deployed."""
        assert self._place is not None
        return self._place

    @property
    def fleet(self) -> EdgeFleet:
        """The fleet as it is now."""
        return fleet_of(self.where, FLEET)

    @property
    def model(self) -> str:
        """What is released, by name."""
        return FLEET

    @property
    def deployed(self) -> Deployed:
        """The deployed project."""
        return self.where.deployed()

    @property
    def declaration(self) -> Declaration:
        """What the last deploy declared."""
        return self.fleet.declaration

    @property
    def release_stack(self) -> str:
        """The name of the stack that holds the release loop."""
        return f"{self.project}-test-release"

    @property
    def edge_stack(self) -> str:
        """The name of the fleet's own stack."""
        return f"{self.project}-test-edge-{FLEET}"

    @property
    def hosting_stack(self) -> str:
        """The stack whose deploys are guarded."""
        return self.edge_stack

    def serving(self) -> EndpointState:
        """What rings were told, as a configuration and weights by slot."""
        return self.deployed.traffic.read(self.declaration)

    def shares(self) -> dict[str, float]:
        """What rings were told, in percent by slot."""
        return self.serving().shares()

    def enrol(self, count: int) -> tuple[str, ...]:
        """So many more devices; their names."""
        fleet = self.fleet
        return tuple(enrol(fleet, numbered(fleet, count), ring=None))

    @contextmanager
    def running(
        self, things: tuple[str, ...], *, processes: int = 1, a_minute: float = 30
    ) -> Iterator[Simulation]:
        """The devices are on, and take their turns on a thread of their own."""
        load = Load(rows=ROWS, requests_per_minute=a_minute)
        folder = self.folder / "devices"
        with simulated(self.fleet, things, load, processes=processes, folder=folder) as simulation:
            failed: list[BaseException] = []

            def run() -> None:
                try:
                    simulation.run()
                except BaseException as error:  # noqa: BLE001 - told to whoever waits below
                    failed.append(error)

            thread = threading.Thread(target=run)
            thread.start()
            try:
                yield simulation
            finally:
                simulation.stopping.set()
                thread.join()
        assert not failed, failed

    def switch(self, thing: str, *, off: bool) -> None:
        """The device is off, or on again."""
        file = self.folder / "devices" / self.fleet.place / OFF / thing
        if off:
            file.touch()
        else:
            file.unlink()

    def devices(self) -> dict[str, Device]:
        """Every device by name."""
        return {one.thing: one for ring in self.rings() for one in ring.devices}

    def rings(self) -> tuple[RingStanding, ...]:
        """Every ring."""
        return self.fleet.standing()

    def all_run(self, label: str, *, but: tuple[str, ...] = (), seconds: float = 240) -> None:
        """All devices run that version, but those."""

        def run() -> bool:
            return all(
                one.label == label and one.state == "RUNNING"
                for one in self.devices().values()
                if one.thing not in but
            )

        until(run, seconds=seconds, what=f"all devices on {label}")

    def release(self) -> str:
        """A release is started; its id."""
        return start_release(self.where.deployed(), FLEET)

    def until(
        self, release: str, reached: Callable[[ReleaseView], Any], *, seconds: float = 600
    ) -> ReleaseView:
        """The release once it is so."""
        deployed = self.where.deployed()

        def look() -> ReleaseView | None:
            try:
                view = deployed.view(release)
            except NotFoundError:
                return None  # the machine has not opened it yet
            return view if reached(view) else None

        return until(look, seconds=seconds, what=f"release {release}")
