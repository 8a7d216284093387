"""A whole Tidegate on an embedded cloud, for stories: deploy, ask, release, look.

Its models are tiny scripts without a library, so that an endpoint starts at once; everything else
is the product: templates, functions, machines, roles and command-line code.
"""

import json
import random
import re
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.deployed import Deployed
from cli.deployment import StackDone, deploy_stacks, live_pointers
from cli.frontdoor import door_of
from cli.options import Place
from cli.project import read_project
from cli.synth import SynthRequest, synth
from cli.target import embedded_target
from cli.users import Door, Load, Question, Users
from cli.verbs import abort_release, intervention, start_release
from cli.watch import finished, first_view
from emulator import deployer
from emulator.server import EmbeddedCloud
from tests import lost_requests
from tests.e2e.watching import SharesWatch, Source, VariantsOfAnEndpoint, WatchedDoor
from tidegate.loop import operate
from tidegate.pointer import Declaration
from tidegate.ports import EndpointState
from tidegate.release import Intervention
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
    armed = behaviour["armed_by"] is None or os.path.exists(behaviour["armed_by"])
    if armed and draw % 100 < behaviour["error_percent"]:
        raise RuntimeError("this model fails on some inputs")
    wrong = draw // 100 % 100 < behaviour["wrong_percent"]
    answer = {"label": "wrong" if wrong else "right", "version": behaviour["name"]}
    for told in ("score", "why"):
        if told in question:
            answer[told] = question[told]
    return {**answer, "silent": behaviour["silent"]}

def output_fn(prediction, accept):
    version, silent = os.environ.get("TIDEGATE_VERSION"), prediction.pop("silent")
    if version is None or silent:
        return json.dumps(prediction)
    from sagemaker_containers.beta.framework import worker
    named = {"X-Amzn-SageMaker-Custom-Attributes": "tidegate-version=" + version}
    return worker.Response(json.dumps(prediction), headers=named, mimetype="application/json")
"""

PROJECT = """
project: story
stages:
  test: { region: us-east-1, outcome_files: { keep: 1d } }
models:
  MODEL:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
    label: LABEL
    # An hour of the cloud's clock: two busy cores may take their time to start a container.
    hosting: { instance_type: ml.t2.medium, start_timeout: 60m }
    release:
      strategy: canary
      steps:
        - { share_percent: 25, bake: 4m }
        - { share_percent: 50, bake: 4m }
      guardrails:
        errors: { margin: 0.05 }
        latency: { margin: 0.25, tolerated_slowdown: 3.0 }
        outcomes: { margin: 0.15 }
      # A hundred good releases a run: at one in a hundred, one would be rolled back by chance.
      alpha: 0.0001
      lag: 30s
      hold: 2h
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Behaviour:
    """What a tiny version does to its requests. It fails only once the file `armed_by` exists.

    One that is `silent` never names itself in its answers.
    """

    name: str
    error_percent: int = 0
    wrong_percent: int = 20
    delay_ms: int = 0
    armed_by: Path | None = None
    silent: bool = False


V1 = Behaviour(name="v1")
BETTER = Behaviour(name="v2", wrong_percent=4)
BROKEN = Behaviour(name="v3", error_percent=25)
WORSE = Behaviour(name="v3-wrong", wrong_percent=60)
SLOW = Behaviour(name="v4", delay_ms=400)


@dataclass(slots=True, kw_only=True)
class World:
    """One embedded cloud with one project on it. `project_text` may be edited between deploys."""

    cloud: EmbeddedCloud
    folder: Path
    model: str
    project_text: str = PROJECT
    failing_percent: int = 0
    """At how many of a hundred questions a version fails that was deployed here."""
    _found: Deployed | None = field(default=None, repr=False)
    _assemblies: dict[str, "Future[Path]"] = field(default_factory=dict, repr=False)
    _synths: Executor = field(default_factory=lambda: ThreadPoolExecutor(2), repr=False)

    def place(self, behaviour: Behaviour) -> Place:
        """The project with this version as its artifact."""
        self.failing_percent = max(self.failing_percent, behaviour.error_percent)
        artifact = self.artifact(behaviour)
        path = self.folder / f"tidegate-{behaviour.name}.yaml"
        text = self.project_text.replace("ARTIFACT", str(artifact)).replace("MODEL", self.model)
        path.write_text(text.replace("LABEL", behaviour.name))
        project = read_project(path)
        return Place(project=project, stage=project.stages[0], target=embedded_target(self.cloud))

    def artifact(self, behaviour: Behaviour) -> Path:
        """The artifact of this version, in a folder of its name."""
        artifact = self.folder / behaviour.name
        (artifact / "code").mkdir(parents=True, exist_ok=True)
        (artifact / "code" / "inference.py").write_text(INFERENCE)
        (artifact / "behaviour.json").write_text(json.dumps(behaviour_json(behaviour)))
        return artifact

    def deploy(self, behaviour: Behaviour) -> tuple[StackDone, ...]:
        """As `tidegate deploy` does: synth with the live pointers."""
        return deploy_stacks(self.place(behaviour), assembly=self.folder / "cdk.out")

    def synth(self, behaviour: Behaviour, *, pointers: dict[str, Any]) -> Path:
        """An assembly made with these pointers; none is what a plain `cdk deploy` is made with.

        The same again is a copy: synth is pure.
        """
        made = self._assembly(behaviour, pointers).result()
        output = self.folder / "assembly"
        shutil.rmtree(output, ignore_errors=True)
        return Path(shutil.copytree(made, output))

    def synth_ahead(self, *behaviours: Behaviour) -> None:
        """The assemblies of plain deploys are made while something else happens."""
        for behaviour in behaviours:
            self._assembly(behaviour, {})

    def _assembly(self, behaviour: Behaviour, pointers: dict[str, Any]) -> "Future[Path]":
        place = self.place(behaviour)
        key = place.project.path.read_text() + json.dumps(pointers, sort_keys=True)
        if key not in self._assemblies:
            output = self.folder / f"assembly-{len(self._assemblies)}"
            request = SynthRequest(
                project_file=place.project.path,
                stage=place.stage,
                pointers=pointers,
                output=output,
            )
            self._assemblies[key] = self._synths.submit(_synthesized, request)
        return self._assemblies[key]

    def deploy_plainly(self, behaviour: Behaviour) -> None:
        """As a plain `cdk deploy` does: no pointer is passed. StackFailedError when refused."""
        deployer.deploy(self.cloud.session(), self.synth(behaviour, pointers={}))

    @property
    def project(self) -> str:
        """The name of the project, which begins the names of its stacks."""
        found = re.search(r"^project: (\S+)$", self.project_text, re.MULTILINE)
        assert found is not None
        return found[1]

    @property
    def hosting_stack(self) -> str:
        """The name of the model's stack."""
        return f"{self.project}-test-model-{self.model}"

    @property
    def release_stack(self) -> str:
        """The name of the stack that holds the release loop."""
        return f"{self.project}-test-release"

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the release stack is called."""
        client = self.cloud.session().client("cloudformation")
        told = client.describe_stack_resource(
            StackName=self.release_stack, LogicalResourceId=logical_id
        )
        return str(told["StackResourceDetail"]["PhysicalResourceId"])

    @property
    def deployed(self) -> Deployed:
        """The deployed project; its release stack stays the same for a whole story."""
        if self._found is None:
            self._found = self.place(V1).deployed()
        return self._found

    def pointers(self) -> dict[str, Any]:
        """The live pointers in JSON types."""
        return live_pointers(self.place(V1))

    def live_label(self) -> str:
        """The version that the pointer says is live, as people call it."""
        pointer = self.deployed.store.pointer(self.model)
        assert pointer is not None
        return pointer.version.label

    def start(self) -> str:
        """A release of the idle slot is running; its id."""
        return start_release(self.deployed, self.model)

    def pause(self, release_id: str) -> None:
        """As `tidegate release pause` does."""
        operate.pause(
            store=self.deployed.store, release_id=release_id, intervention=self._ordered("pause")
        )

    def promote(self, release_id: str) -> None:
        """As `tidegate release promote` does."""
        operate.promote(
            store=self.deployed.store, release_id=release_id, intervention=self._ordered("promote")
        )

    def resume(self, release_id: str) -> None:
        """As `tidegate release resume` does."""
        operate.resume(
            store=self.deployed.store,
            executions=self.deployed.executions,
            release_id=release_id,
            intervention=self._ordered("resume"),
        )

    def abort(self, release_id: str, *, why: str = "the story says abort") -> None:
        """As `tidegate release abort` does, without waiting for the end."""
        abort_release(self.deployed, release_id, why=why)

    def _ordered(self, verb: str) -> Intervention:
        return intervention(self.deployed, f"the story says {verb}")

    def finish(self, release_id: str, *, seconds: float = 240) -> ReleaseView:
        """The view of the release when it is over, paused or halted."""
        return self.until(release_id, finished, seconds=seconds)

    def until(
        self, release_id: str, condition: Callable[[ReleaseView], bool], *, seconds: float = 240
    ) -> ReleaseView:
        """The first view of a release of which the condition holds."""
        deployed = self.deployed
        first_view(deployed, release_id)
        seen: ReleaseView = wait_for(
            lambda: _when(condition, deployed.view(release_id)),
            seconds=seconds,
            what=f"what {release_id} was to come to",
        )
        return seen

    @property
    def declaration(self) -> Declaration:
        """What the last deploy declared."""
        found = self.deployed.store.declaration(self.model)
        assert found is not None
        return found

    def serving(self) -> EndpointState:
        """What serves now: a configuration, and weights by slot."""
        return self.deployed.traffic.read(self.declaration)

    def shares(self) -> dict[str, float]:
        """What serves now, in percent by slot."""
        return self.serving().shares()

    @property
    def endpoint_name(self) -> str:
        """The endpoint of the model, or what begins the names of its tracks' endpoints."""
        return self.declaration.endpoint_name

    def shares_source(self) -> Source:
        """Where a witness looks for the shares."""
        return VariantsOfAnEndpoint(self.cloud.session(), self.endpoint_name)

    def door(self) -> Door:
        """A client of the front door."""
        deployed = self.deployed
        return door_of(deployed.target, url=deployed.api_url)

    @contextmanager
    def users(self, *, count: int = 8, pause_seconds: float = 0.06) -> Iterator[Users]:
        """A crowd that asks while the block runs."""
        with self._asking(WatchedDoor(self.door()), count, pause_seconds) as users:
            yield users

    @contextmanager
    def watched(self, *, count: int = 8, pause_seconds: float = 0.06) -> Iterator["Watched"]:
        """A crowd asks, and every answer and every change of shares is kept."""
        door, shares = WatchedDoor(self.door()), SharesWatch(self.shares_source())
        with shares, self._asking(door, count, pause_seconds):
            yield Watched(door=door, shares=shares)

    @contextmanager
    def _asking(self, door: WatchedDoor, count: int, pause_seconds: float) -> Iterator[Users]:
        load = Load(
            model=self.model,
            users=count,
            pause_seconds=pause_seconds,
            truth_delay_seconds=(0.1, 1.0),
        )
        users = Users(door, questions(2_000), load)
        users.start()
        try:
            yield users
        finally:
            users.stop()
            lost = door.lost(failing_percent=self.failing_percent)
            lost_requests.RUN.add(sent=len(door.served), lost=len(lost))


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """What users got, and what the endpoint was seen to serve."""

    door: WatchedDoor
    shares: SharesWatch


def _synthesized(request: SynthRequest) -> Path:
    synth(request)
    return request.output


def behaviour_json(behaviour: Behaviour) -> dict[str, Any]:
    """The behaviour as the tiny model reads it."""
    return {
        "name": behaviour.name,
        "error_percent": behaviour.error_percent,
        "wrong_percent": behaviour.wrong_percent,
        "delay_ms": behaviour.delay_ms,
        "silent": behaviour.silent,
        "armed_by": None if behaviour.armed_by is None else str(behaviour.armed_by),
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
        _PAUSE.wait(0.05)
    raise AssertionError(f"{what} did not happen within {seconds} s")


def _when(condition: Callable[[ReleaseView], bool], view: ReleaseView) -> ReleaseView | None:
    return view if condition(view) else None
