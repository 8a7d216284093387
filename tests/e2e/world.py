"""A whole Tidegate on an embedded cloud, for stories: deploy, ask, release, look.

Its models are tiny scripts without a library, so that an endpoint starts at once; everything else
is the product: templates, functions, machines, roles and command-line code.
"""

import json
import random
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.deployed import Deployed
from cli.deployment import StackDone, deploy_stacks, live_pointers
from cli.frontdoor import FrontDoor, door_of
from cli.options import Place
from cli.project import read_project
from cli.target import embedded_target
from cli.users import Load, Question, Users
from cli.verbs import start_release
from cli.watch import finished, first_view
from emulator.server import EmbeddedCloud
from tidegate.view import ReleaseView

_PAUSE = threading.Event()

INFERENCE = """
import json, os, time

def model_fn(model_dir):
    with open(os.path.join(model_dir, "behaviour.json")) as stream:
        return json.load(stream)

def input_fn(body, content_type):
    return json.loads(body)

def predict_fn(question, behaviour):
    draw = question["draw"]
    time.sleep(behaviour["delay_ms"] / 1000)
    if draw % 100 < behaviour["error_percent"]:
        raise RuntimeError("this model fails on some inputs")
    wrong = draw // 100 % 100 < behaviour["wrong_percent"]
    return {"label": "wrong" if wrong else "right", "version": behaviour["name"]}

def output_fn(prediction, accept):
    return json.dumps(prediction)
"""

PROJECT = """
project: story
stages:
  test: { region: us-east-1 }
models:
  MODEL:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    hosting: { instance_type: ml.t2.medium }
    release:
      strategy: canary
      steps:
        - { share_percent: 10, bake: 4m }
        - { share_percent: 50, bake: 4m }
      guardrails:
        errors: { margin: 0.05 }
        latency: { margin: 0.25, tolerated_slowdown: 3.0 }
        outcomes: { margin: 0.15 }
      lag: 30s
      hold: 2h
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a tiny version does to its requests."""

    name: str
    error_percent: int = 0
    wrong_percent: int = 20
    delay_ms: int = 0


V1 = Behaviour(name="v1")
BETTER = Behaviour(name="v2", wrong_percent=4)
BROKEN = Behaviour(name="v3", error_percent=25)
WORSE = Behaviour(name="v3-wrong", wrong_percent=60)
SLOW = Behaviour(name="v4", delay_ms=60)


@dataclass(slots=True, kw_only=True)
class World:
    """One embedded cloud with one project on it."""

    cloud: EmbeddedCloud
    folder: Path
    model: str
    project_text: str = PROJECT

    def place(self, behaviour: Behaviour) -> Place:
        """The project with this version as its artifact."""
        artifact = self.folder / behaviour.name
        (artifact / "code").mkdir(parents=True, exist_ok=True)
        (artifact / "code" / "inference.py").write_text(INFERENCE)
        (artifact / "behaviour.json").write_text(json.dumps(behaviour_json(behaviour)))
        path = self.folder / f"tidegate-{behaviour.name}.yaml"
        text = self.project_text.replace("ARTIFACT", str(artifact)).replace("MODEL", self.model)
        path.write_text(text.replace("LABEL", behaviour.name))
        project = read_project(path)
        return Place(project=project, stage=project.stages[0], target=embedded_target(self.cloud))

    def deploy(self, behaviour: Behaviour) -> tuple[StackDone, ...]:
        """As `tidegate deploy` does: synth with the live pointers."""
        return deploy_stacks(self.place(behaviour), assembly=self.folder / "cdk.out")

    @property
    def deployed(self) -> Deployed:
        """The deployed project."""
        return self.place(V1).deployed()

    def pointers(self) -> dict[str, Any]:
        """The live pointers in JSON types."""
        return live_pointers(self.place(V1))

    def start(self) -> str:
        """A release of the idle slot is running; its id."""
        return start_release(self.deployed, self.model)

    def finish(self, release_id: str, *, seconds: float = 90) -> ReleaseView:
        """The view of the release when it is over, paused or halted."""
        deployed = self.deployed
        view = first_view(deployed, release_id)
        return wait_for(
            lambda: _when(finished, deployed.view(release_id)),
            seconds=seconds,
            what=view.release_id,
        )

    def shares(self) -> dict[str, float]:
        """What the endpoint serves now, in percent by slot."""
        deployed = self.deployed
        declaration = deployed.store.declaration(self.model)
        assert declaration is not None
        return deployed.endpoints.read(declaration.endpoint_name).shares()

    def door(self) -> FrontDoor:
        """A client of the front door."""
        deployed = self.deployed
        return door_of(deployed.target, url=deployed.api_url)

    @contextmanager
    def users(self, *, count: int = 8, pause_seconds: float = 0.06) -> Iterator[Users]:
        """A crowd that asks while the block runs."""
        load = Load(
            model=self.model,
            users=count,
            pause_seconds=pause_seconds,
            truth_delay_seconds=(0.1, 1.0),
        )
        users = Users(self.door(), questions(2_000), load)
        users.start()
        try:
            yield users
        finally:
            users.stop()


def behaviour_json(behaviour: Behaviour) -> dict[str, Any]:
    """The behaviour as the tiny model reads it."""
    return {
        "name": behaviour.name,
        "error_percent": behaviour.error_percent,
        "wrong_percent": behaviour.wrong_percent,
        "delay_ms": behaviour.delay_ms,
    }


def questions(count: int) -> list[Question]:
    """Questions whose fate under each behaviour is fixed by a number in them."""
    chance = random.Random(7)  # noqa: S311 - questions, not secrets
    return [
        Question(
            body=json.dumps({"draw": chance.randrange(10_000)}).encode(),
            is_wrong=lambda answer: json.loads(answer)["label"] == "wrong",
        )
        for _ in range(count)
    ]


def wait_for(probe: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first truthy value of the probe; an AssertionError naming `what` after the deadline."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        value = probe()
        if value:
            return value
        _PAUSE.wait(0.1)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def _when(condition: Callable[[ReleaseView], bool], view: ReleaseView) -> ReleaseView | None:
    return view if condition(view) else None
