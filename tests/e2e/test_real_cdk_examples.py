"""The pinned CDK command line takes every example through its life on one embedded cloud."""

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from examples.flights import train as flights
from examples.flights.retraining import first
from examples.flights.retraining.__main__ import lay_out
from examples.offline import train as offline
from tests.e2e.tracks import issuer
from tests.synth.examples import BASELINES

pytestmark = pytest.mark.accept

TIME_SCALE = 20.0
"""The examples give a container the minutes that it has on AWS: half a minute must be enough."""

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
PIPELINES = tuple(sorted((ROOT / "examples" / "pipelines").glob("*.yaml")))
"""Their stages are deployed by the pipeline, in stories of its own: only its stack is by hand."""
EXAMPLES = tuple(
    path
    for path in (ROOT / "tidegate.yaml", *sorted((ROOT / "examples").glob("*/*.yaml")))
    if path not in PIPELINES
)

_ARTIFACT = re.compile(r"artifact: \S*build/(?P<model>\w+)/(?P<version>\w+)")
_ACCOUNT = re.compile(r"\b\d{12}\b")
_CODE = re.compile(r"code: \S*build/flights/retraining/code")
_ZONE = re.compile(r"zone_id: \w+")
_ISSUER = re.compile(r"(?P<all>( +)issuer: \S+\n)")


class Stage:
    """The embedded cloud of the module, bootstrapped by the real command line, and its models."""

    def __init__(self, cloud: EmbeddedCloud, folder: Path, jwks: str) -> None:
        self.cloud, self.folder, self._jwks = cloud, folder, jwks
        self.zone = self._zone()
        self._environment = {
            **cloud.environment(),
            "PATH": f"{ROOT / '.venv' / 'bin'}{os.pathsep}{os.environ['PATH']}",
            "HOME": os.environ["HOME"],
            "CI": "true",
            "CDK_DISABLE_CLI_TELEMETRY": "true",
            "CDK_DISABLE_VERSION_CHECK": "1",
            "CDK_VALIDATION": "false",
            "PYTHONDONTWRITEBYTECODE": "1",
        }

    def _zone(self) -> str:
        route53 = self.cloud.session().client("route53")
        made = route53.create_hosted_zone(Name="models.example.com", CallerReference="examples")
        return str(made["HostedZone"]["Id"]).rpartition("/")[2]

    def example(self, file: Path, *, log_days: int, data: str = "delete") -> Path:
        """The example with trained models, this cloud's zone, and so many days of logs.

        `data` says what becomes of data when the stage goes.
        """
        text = file.read_text(encoding="utf-8")
        for model, version in sorted(set(_ARTIFACT.findall(text))):
            self._trained(model, version)
        text = _ARTIFACT.sub(rf"artifact: {self.folder}/\g<model>/\g<version>", text)
        if _CODE.search(text) is not None:
            lay_out(self.folder / "retraining")
            text = _CODE.sub(f"code: {self.folder}/retraining/code", text)
        text = _ZONE.sub(f"zone_id: {self.zone}", text)
        text = _ISSUER.sub(rf"\g<all>\g<2>jwks: {self._jwks}\n", text)
        text = _ACCOUNT.sub(self.cloud.account, text)
        text = text.replace("baseline: ../monitoring/", "baseline: ")
        for data_file in (*file.parent.glob("*.jsonl"), *BASELINES):
            shutil.copy(data_file, self.folder)
        assert "log_days: 7" in text
        assert "data_on_destroy: delete" in text
        text = text.replace("data_on_destroy: delete", f"data_on_destroy: {data}")
        path = self.folder / f"{file.stem}.yaml"
        path.write_text(text.replace("log_days: 7", f"log_days: {log_days}"))
        return path

    def _trained(self, model: str, version: str) -> None:
        """The artifact is there."""
        place = self.folder / model / version
        if place.is_dir():
            return
        if (model, version) == ("flights", "winter"):
            first.build(place)
        elif model == "flights":
            flights.build(version, place)
        else:
            offline.build(model, version, place)

    def again(self, *arguments: str, code: int = 0) -> str:
        """The same on the assembly of the last synth: to synthesize again costs, and is pure."""
        return self._run("--app", str(self.folder / "cdk.out"), *arguments, code=code)

    def cdk(self, *arguments: str, project: Path | None = None, code: int = 0) -> str:
        """What the command printed, after a synth; it must end with that exit code."""
        context = [] if project is None else ["-c", f"tidegate:project-file={project}"]
        output = ["--output", str(self.folder / "cdk.out")]
        return self._run(*context, *output, *arguments, code=code)

    def _run(self, *arguments: str, code: int) -> str:
        done = subprocess.run(
            [str(CDK), "--no-notices", *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        assert done.returncode == code, done.stdout
        return done.stdout

    def kept(self) -> list[tuple[str, str]]:
        """Type and logical id of every resource that its stack keeps when it goes."""
        return [
            (resource["Type"], logical_id)
            for stack in self._stacks()
            for logical_id, resource in self._template(stack["StackName"])["Resources"].items()
            if resource.get("DeletionPolicy") == "Retain"
        ]

    def unprotect(self) -> None:
        """Stacks may be deleted."""
        client = self.cloud.session().client("cloudformation")
        for stack in self._stacks():
            client.update_termination_protection(
                StackName=stack["StackName"], EnableTerminationProtection=False
            )

    def _stacks(self) -> list[dict[str, Any]]:
        told = self.cloud.session().client("cloudformation").describe_stacks()["Stacks"]
        return [dict(stack) for stack in told if stack["StackName"] != "CDKToolkit"]

    def _template(self, stack: str) -> dict[str, Any]:
        client: Any = self.cloud.session().client("cloudformation")
        body = client.get_template(StackName=stack)["TemplateBody"]
        found: dict[str, Any] = json.loads(body) if isinstance(body, str) else dict(body)
        return found

    def left(self) -> dict[str, list[str]]:
        """What there is beside the bootstrap's own."""
        session = self.cloud.session()
        client: Any = session.client
        sagemaker = client("sagemaker")
        return {
            "stacks": [stack["StackName"] for stack in self._stacks()],
            "endpoints": [e["EndpointName"] for e in sagemaker.list_endpoints()["Endpoints"]],
            "configs": [
                c["EndpointConfigName"]
                for c in sagemaker.list_endpoint_configs()["EndpointConfigs"]
            ],
            "models": [model["ModelName"] for model in sagemaker.list_models()["Models"]],
            "tables": client("dynamodb").list_tables()["TableNames"],
            "buckets": [
                bucket["Name"]
                for bucket in client("s3").list_buckets()["Buckets"]
                if not bucket["Name"].startswith("cdk-hnb659fds-assets-")
            ],
        }


@pytest.fixture(scope="module")
def stage(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """One cloud for all examples: each leaves it as it was."""
    folder = tmp_path_factory.mktemp("examples")
    settings = Settings(region="eu-west-1", time_scale=TIME_SCALE, state_directory=folder / "cloud")
    with EmbeddedCloud.start(settings) as cloud, issuer() as keys:
        made = Stage(cloud, folder, keys.jwks)
        # The command line synthesizes first, so that it needs a project whose models are there.
        first = made.example(EXAMPLES[0], log_days=7)
        made.cdk("bootstrap", f"aws://{cloud.account}/{cloud.region}", project=first)
        yield made


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda path: path.stem)
def test_life_of_an_example_by_the_real_cdk(stage: Stage, example: Path) -> None:
    """Deploy, an empty diff, an update, another empty diff, destroy: nothing is left."""
    before = stage.left()
    deploy = ("deploy", "--all", "--require-approval", "never")
    for log_days in (7, 14):
        project = stage.example(example, log_days=log_days)
        stage.cdk(*deploy, project=project)
        assert "Number of stacks with differences: 0" in stage.again("diff")

    stage.again("destroy", "--all", "--force")

    assert stage.left() == before


@pytest.mark.parametrize("example", PIPELINES, ids=lambda path: path.stem)
def test_life_of_a_pipeline_by_the_real_cdk(stage: Stage, example: Path) -> None:
    """Its stack is deployed, updated and destroyed; it says that it keeps artifacts and their key.

    All accounts of an example are this cloud's one.
    """
    before = stage.left()["stacks"]
    project = stage.example(example, log_days=7)
    text = project.read_text()
    for compute in ("small", "medium"):
        project.write_text(text.replace("  mode:", f"  compute: {compute}\n  mode:"))
        home = ("-c", "tidegate:stage=pipeline")
        stage.cdk("deploy", "--all", "--require-approval", "never", *home, project=project)
        said = stage.again("diff")
        assert "Number of stacks with differences: 0" in said

    kept = stage.kept()
    stage.unprotect()
    said = stage.again("destroy", "--all", "--force", "--progress", "events")

    assert stage.left()["stacks"] == before
    assert {kind for kind, _ in kept} >= {"AWS::S3::Bucket", "AWS::KMS::Key"}
    skipped = [line for line in said.splitlines() if "DELETE_SKIPPED" in line]
    assert len(skipped) == len(kept), (kept, skipped)


def test_destroy_says_what_it_keeps(stage: Stage) -> None:
    """A stage that keeps its data is protected; destroyed all the same, it names what stays."""
    before = stage.left()
    project = stage.example(EXAMPLES[0], log_days=7, data="keep")
    stage.cdk("deploy", "--all", "--require-approval", "never", project=project)
    destroy = ("destroy", "--all", "--force", "--progress", "events")
    assert "TerminationProtection" in stage.again(*destroy, code=1)

    kept = stage.kept()
    assert {kind for kind, _ in kept} >= {"AWS::DynamoDB::Table", "AWS::Logs::LogGroup"}
    stage.unprotect()
    said = stage.again(*destroy)

    skipped = [line for line in said.splitlines() if "DELETE_SKIPPED" in line]
    for kind, logical_id in kept:
        assert [line for line in skipped if kind in line and logical_id in line], (kind, skipped)
    assert len(skipped) == len(kept)
    left = stage.left()
    assert left["stacks"] == before["stacks"]
    assert left["endpoints"] == before["endpoints"]
    tables = [kind for kind, _ in kept if kind == "AWS::DynamoDB::Table"]
    assert len(left["tables"]) == len(before["tables"]) + len(tables)
