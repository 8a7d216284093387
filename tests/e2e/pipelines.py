"""A project with a pipeline on an embedded cloud: its source is a folder, its model a tiny script.

Everything else is the product: the pipeline's stack with its builds, the delivery machines, the
command line that starts, approves and retries.
"""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from textwrap import dedent
from typing import Any

from cli.deployed import Deployed
from cli.deployment import deploy_stacks
from cli.frontdoor import door_of
from cli.options import Place
from cli.pipelines import Pipeline, PipelineView
from cli.project import PIPELINE_STAGE, read_project
from cli.sources import source_archive
from cli.synth import ROOT
from cli.target import embedded_target
from cli.users import Load, Users
from cli.verbs import abort_release
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.world import INFERENCE, Behaviour, behaviour_json, questions, wait_for

PROJECT = """\
project: {name}
stages:
  staging: {{ region: us-east-1, {staging}data_on_destroy: delete, log_days: 1 }}
  prod: {{ region: us-east-1, {prod}data_on_destroy: delete, log_days: 1 }}
pipeline:
  mode: {mode}{tools}{registry}
  source: {source}
  stages: {{ staging: staging, production: prod }}{alarm}{review}
  traffic:
    opinion: {{ file: requests.jsonl, requests_per_minute: 40 }}
models:
  opinion:
    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: build/opinion
    label: LABEL
    hosting: {{ instance_type: ml.t2.medium, start_timeout: 60m }}
    release:
      strategy: canary
      steps:
        - {{ share_percent: 50, bake: 4m }}
      guardrails:
        errors: {{ margin: 0.20 }}
      warm_up: 0s
      lag: 30s
      hold: 2h
      alpha: 0.0001
"""

MAKEFILE = """\
model:
\tmkdir -p build/opinion/code
\tcp src/inference.py build/opinion/code/inference.py
\tcp src/behaviour.json build/opinion/behaviour.json
check:
\t{python} -m compileall -q src
test:
\t{python} -m unittest discover -q -s tests
templates:
\tCDK_VALIDATION=false CDK_OUTDIR=cdk.out {python} {root}/app.py
.PHONY: model check test templates
"""

TEST = """\
import json, pathlib, unittest

class Behaviour(unittest.TestCase):
    def test_the_model_has_a_name(self):
        text = pathlib.Path("src/behaviour.json").read_text()
        self.assertTrue(json.loads(text)["name"], "the model has no name")
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """An account each for the tools and both stages."""

    tools: str
    staging: str
    prod: str

    def sections(self) -> dict[str, str]:
        """What the project file says of them."""
        return {
            "tools": f'\n  tools: {{ region: us-east-1, account: "{self.tools}" }}',
            "staging": f'account: "{self.staging}", ',
            "prod": f'account: "{self.prod}", ',
        }


ACCOUNTS = Accounts(tools="111111111111", staging="222222222222", prod="333333333333")


def cloud_of_three(folder: Path, *, time_scale: float) -> EmbeddedCloud:
    """A cloud of these accounts runs; the tools' is its own. Its state is in the folder."""
    return EmbeddedCloud.start(
        Settings(
            account=ACCOUNTS.tools,
            other_accounts=(ACCOUNTS.staging, ACCOUNTS.prod),
            time_scale=time_scale,
            state_directory=folder,
        )
    )


_ONE_ACCOUNT = {"tools": "", "staging": "", "prod": ""}


@dataclass(slots=True, kw_only=True)
class PipelineWorld:
    """One project with a pipeline in one mode; `folder` is its source.

    All is in the cloud's own account unless `accounts` says otherwise. `package_group` is a group
    of the model registry whose approved packages start the pipeline.
    """

    cloud: EmbeddedCloud
    folder: Path
    name: str
    mode: str
    accounts: Accounts | None = None
    source: str = "{ s3: {} }"
    alarm: str | None = None
    package_group: str | None = None
    review: str | None = None
    """Section `review` of the pipeline."""
    more: str = ""
    """Further sections of the model."""
    _places: dict[str, Deployed] = field(default_factory=dict)

    def write(self, behaviour: Behaviour, *, named: str | None = None) -> None:
        """The source is this version; `named` is what its own test looks at."""
        told = {**behaviour_json(behaviour), "name": behaviour.name if named is None else named}
        sections = _ONE_ACCOUNT if self.accounts is None else self.accounts.sections()
        alarm = "" if self.alarm is None else f"\n  alarm: {self.alarm}"
        group = self.package_group
        registry = "" if group is None else f"\n  model_package_group: {group}"
        review = "" if self.review is None else f"\n  review: {self.review}"
        own = {"name": self.name, "mode": self.mode, "source": self.source, "review": review}
        project = PROJECT.format(**own, **sections, alarm=alarm, registry=registry)
        requests = [{"body": json.loads(question.body)} for question in questions(200)]
        for path, text in {
            "tidegate.yaml": project.replace("LABEL", behaviour.name) + self.more,
            "Makefile": MAKEFILE.format(python=sys.executable, root=ROOT),
            "src/inference.py": dedent(INFERENCE),
            "src/behaviour.json": json.dumps(told),
            "tests/test_behaviour.py": TEST,
            "requests.jsonl": "".join(f"{json.dumps(request)}\n" for request in requests),
            "build/opinion/code/inference.py": dedent(INFERENCE),
            "build/opinion/behaviour.json": json.dumps(told),
        }.items():
            file = self.folder / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)

    def place(self, stage: str) -> Place:
        """A stage of the project, or the place of its pipeline."""
        project = read_project(self.folder / "tidegate.yaml")
        name = project.stage(stage)
        target = embedded_target(self.cloud, project.account(name))
        return Place(project=project, stage=name, target=target)

    def install(self, behaviour: Behaviour, *stages: str) -> None:
        """The administrator deploys stages and the pipeline once, with a first version."""
        self.write(behaviour)
        for stage in (*stages, PIPELINE_STAGE):
            deploy_stacks(self.place(stage), assembly=self.folder.parent / f"out-{stage}")

    @property
    def pipeline(self) -> Pipeline:
        """The pipeline, as the command line sees it."""
        place = self.place(PIPELINE_STAGE)
        return Pipeline(
            client=place.target.client("codepipeline"), name=place.project.delivering().name
        )

    def upload(self, content: bytes | None = None) -> str:
        """The folder, or another packed source, is uploaded; the execution that this starts."""
        before = self.pipeline.view().execution
        stack = self.place(PIPELINE_STAGE)
        outputs = self._outputs(stack)
        stack.target.client("s3").put_object(
            Bucket=outputs["SourceBucketName"],
            Key=outputs["SourceKey"],
            Body=source_archive(self.folder) if content is None else content,
        )
        found: str = wait_for(
            lambda: self._newer(before), seconds=20, what="the start of the pipeline"
        )
        return found

    def _newer(self, before: str | None) -> str | None:
        execution = self.pipeline.view().execution
        return None if execution == before else execution

    def _outputs(self, place: Place) -> dict[str, str]:
        name = place.project.delivering().name
        stacks = place.target.client("cloudformation").describe_stacks(StackName=name)["Stacks"]
        return {o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]}

    def rest(self, execution: str, *, seconds: float = 120) -> PipelineView:
        """The pipeline once this execution ended, or waits for somebody."""

        def resting() -> PipelineView | None:
            view = self.pipeline.view()
            return view if view.execution == execution and view.resting else None

        view: PipelineView = wait_for(resting, seconds=seconds, what=f"the end of {execution}")
        return view

    def deployed(self, stage: str) -> Deployed:
        """The ports of a deployed stage."""
        if stage not in self._places:
            self._places[stage] = self.place(stage).deployed()
        return self._places[stage]

    def live(self, stage: str) -> str:
        """The version that is live in a stage, as people call it."""
        pointer = self.deployed(stage).store.pointer("opinion")
        assert pointer is not None
        return pointer.version.label

    @contextmanager
    def users(self, stage: str) -> Iterator[Users]:
        """A crowd asks the model of a stage while the block runs."""
        deployed = self.deployed(stage)
        load = Load(model="opinion", users=4, pause_seconds=0.1, truth_delay_seconds=(0.1, 1.0))
        users = Users(door_of(deployed.target, url=deployed.api_url), questions(500), load)
        users.start()
        try:
            yield users
        finally:
            users.stop()

    def crossing(self, execution: str, *, asked: str, seconds: float) -> PipelineView:
        """The pipeline once this execution rests; users ask a stage from its release on.

        Before that they would only keep the machine from building.
        """
        store = self.deployed(asked).store

        def released_or_over() -> bool:
            view = self.pipeline.view()
            over = view.execution == execution and view.resting
            return over or store.lock_holder("opinion") is not None

        wait_for(released_or_over, seconds=seconds, what=f"the release in {asked}")
        with self.users(asked):
            return self.rest(execution, seconds=seconds)

    def abort(self, stage: str, release_id: str) -> None:
        """As `tidegate release abort` does, without waiting for the end."""
        abort_release(self.deployed(stage), release_id, why="the story says abort")

    def said(self, view: PipelineView, stage: str, action: str) -> str:
        """What an action says of its end."""
        (found,) = [
            each.said
            for each_stage in view.stages
            if each_stage.name == stage
            for each in each_stage.actions
            if each.name == action
        ]
        return found

    def log(self, build: str) -> str:
        """All lines of a build's log, the last one first if a story has to tell why."""
        client: Any = self.place(PIPELINE_STAGE).target.client("logs")
        pages = client.get_paginator("describe_log_groups").paginate()
        lines = [
            event["message"].rstrip()
            for group in pages.search("logGroups")
            if build in group["logGroupName"]
            for event in client.filter_log_events(logGroupName=group["logGroupName"])["events"]
        ]
        return "\n".join(lines)
