"""The assembly as a whole: the same bytes again, no network, nothing moves, within limits."""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import boto3
import jsii._kernel.providers.process as jsii_process
import pytest
from moto import mock_aws

from bench.fleet import write_fleet
from gate.lint import matches
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import PROJECT_FILE, ROOT, Assembly, own_faults, synthesize

MOST_TRIPS_A_MODEL = 15
"""jsii round trips (about 0.3 ms each) of one more model: today 12."""

NO_SOCKETS = """
import socket
class Refused(socket.socket):
    def __init__(self, family=-1, *rest, **named):
        if family not in (-1, socket.AF_UNIX):
            raise RuntimeError("synth asked for a network connection")
        super().__init__(family, *rest, **named)
    def connect(self, address):
        raise RuntimeError(f"synth connected to {address}")
socket.socket = Refused
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the project file's folder, for processes of their own."""
    folder = tmp_path_factory.mktemp("own")
    (folder / "fraud" / "code").mkdir(parents=True)
    (folder / "fraud" / "code" / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "tidegate.yaml").write_text(PROJECT_FILE)
    (folder / "sitecustomize.py").write_text(NO_SOCKETS)
    return folder


def _app(folder: Path, name: str, **context: str) -> subprocess.CompletedProcess[str]:
    given = {"tidegate:project-file": str(folder / "tidegate.yaml"), **context}
    return subprocess.run(
        [sys.executable, str(ROOT / "app.py")],
        env={
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            "PYTHONPATH": str(folder),
            "PYTHONHASHSEED": "random",
            "CDK_VALIDATION": "false",
            "CDK_OUTDIR": str(folder / name),
            "CDK_CONTEXT_JSON": json.dumps(given),
        },
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def _bytes(folder: Path) -> dict[str, bytes]:
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in files}


def test_two_processes_write_the_same_bytes_without_a_connection(folder: Path):
    """No clock, no hash order, no user, no network: credentials are not even there."""
    first, second = _app(folder, "a"), _app(folder, "b")

    assert first.returncode == 0, first.stderr
    assert second.returncode == 0, second.stderr
    assert _bytes(folder / "a") == _bytes(folder / "b")
    assert "shop-dev-release.template.json" in _bytes(folder / "a")


def test_stage_of_the_context_is_synthesized(folder: Path):
    """One stage at a time: synth costs nothing for the others."""
    done = _app(folder, "prod", **{"tidegate:stage": "prod"})

    assert done.returncode == 0, done.stderr
    names = {path.name for path in (folder / "prod").glob("*.template.json")}
    assert {name.split("-")[1] for name in names} == {"prod"}


def test_faults_end_the_synth_with_words_and_no_traceback(folder: Path, tmp_path: Path):
    """A person reads file:line and what is allowed."""
    wrong = tmp_path / "wrong"
    shutil.copytree(folder, wrong, ignore=shutil.ignore_patterns("a", "b", "prod"))
    text = PROJECT_FILE.replace("ml.m5.large", "ml.m5.largest").replace("10 }", "200 }")
    (wrong / "tidegate.yaml").write_text(text)

    done = _app(wrong, "out")

    assert done.returncode == 1
    assert "tidegate.yaml:18: instance_type is 'ml.m5.largest'" in done.stderr
    assert "tidegate.yaml:20: " in done.stderr
    assert "Traceback" not in done.stderr
    assert not list((wrong / "out").glob("*.template.json"))


def test_stage_beyond_its_budget_is_refused(folder: Path, tmp_path: Path):
    """The sum, the limit and the largest items; below the budget, one line tells the sum."""
    copy = tmp_path / "copy"
    shutil.copytree(folder, copy, ignore=shutil.ignore_patterns("a", "b", "prod"))
    budget = "region: eu-west-1\n    budget: { usd_a_month: LIMIT, notify: [ops@example.com] }"
    text = PROJECT_FILE.replace("region: eu-west-1", budget, 1)
    for limit, words in (("100", "its budget is $100.00"), ("5000", "a month while idle, and")):
        (copy / "tidegate.yaml").write_text(text.replace("LIMIT", limit + ".0"))
        done = _app(copy, limit)
        assert words in done.stderr
        assert done.returncode == (1 if limit == "100" else 0)
    template = json.loads((copy / "5000" / "shop-dev-release.template.json").read_text())
    limits = template["Resources"]["Budget"]["Properties"]["Budget"]["BudgetLimit"]
    assert limits == {"Amount": 5000.0, "Unit": "USD"}


def test_our_own_rules_find_nothing(first: Assembly, later: Assembly):
    """Rules that neither CDK nor cfn-lint knows hold for every template."""
    for assembly in (first, later):
        assert own_faults(assembly) == []


def test_what_a_release_may_go_back_to_is_kept(first: Assembly, later: Assembly):
    """Models and configurations outlive their replacement."""
    for assembly in (first, later):
        for stack in assembly.templates:
            for kind in ("AWS::SageMaker::Model", "AWS::SageMaker::EndpointConfig"):
                for id_, resource in assembly.resources(stack, kind).items():
                    assert resource["UpdateReplacePolicy"] == "Retain", id_


def test_endpoints_have_literal_names(first: Assembly):
    """Alarms name them too: by reference the two would need each other."""
    for stack in first.templates:
        for endpoint in first.resources(stack, "AWS::SageMaker::Endpoint").values():
            assert isinstance(endpoint["Properties"]["EndpointName"], str)


def test_templates_leave_room(first: Assembly, later: Assembly):
    """CloudFormation takes 500 resources and 1 MB."""
    for assembly in (first, later):
        for name, template in assembly.templates.items():
            assert len(template["Resources"]) <= 450, name
            assert len(json.dumps(template)) <= 800_000, name


@pytest.mark.nag
def test_cfn_lint_finds_nothing(first: Assembly):
    """Warnings count."""
    stacks = ("shop-dev-release", "shop-dev-model-fraud")
    files = [str(first.folder / f"{name}.template.json") for name in stacks]
    assert [str(match) for match in matches(files, region="eu-west-1")] == []


def test_no_wildcard_action_stands_anywhere(first: Assembly):
    """Roles name each action."""
    for stack in first.templates:
        for id_, role in first.resources(stack, "AWS::IAM::Role").items():
            for policy in role["Properties"]["Policies"]:
                for statement in policy["PolicyDocument"]["Statement"]:
                    assert not any("*" in action for action in statement["Action"]), id_


def test_code_asset_has_no_traces_of_running(first: Assembly):
    """Running a test must not change the asset's hash: code, and pages that functions show."""
    (asset,) = first.folder.glob("asset.*.zip")
    names = zipfile.ZipFile(asset).namelist()

    assert "guard_release/handler.py" in names
    kinds = (".py", ".html", ".css", ".js")
    assert not [name for name in names if "__pycache__" in name or not name.endswith(kinds)]


def test_another_model_moves_nothing(project: ProjectSpec, tmp_path: Path, first: Assembly):
    """Without the second model, the first one's template is the same, byte for byte."""
    alone = synthesize(
        Deployment(
            project=type(project)(
                name=project.name,
                stages=project.stages,
                models={"fraud": project.models["fraud"]},
            ),
            stage="dev",
            folder=tmp_path,
        )
    )

    name = "shop-dev-model-fraud.template.json"
    assert (alone.folder / name).read_bytes() == (first.folder / name).read_bytes()


def test_models_that_share_an_artifact_share_its_archive(first: Assembly):
    """It is packed once, and its key follows from its content."""
    assert len(list(first.folder.glob("asset.*.tar.gz"))) == 1


class Trips:
    """Counts what goes to jsii and back."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count: Counter[str] = Counter()
        send = jsii_process._NodeProcess.send

        def counted(process: object, request: object, response: object) -> object:
            self.count[type(request).__name__] += 1
            return send(process, request, response)  # type: ignore[arg-type]

        monkeypatch.setattr(jsii_process._NodeProcess, "send", counted)


@pytest.fixture
def trips(monkeypatch: pytest.MonkeyPatch) -> Iterator[Trips]:
    """The round trips of the test."""
    return Trips(monkeypatch)  # type: ignore[return-value]


def test_another_model_costs_few_round_trips(trips: Trips, tmp_path: Path):
    """Round trips are three quarters of a big synth's time, and their number does not flake."""
    counts = []
    for models in (1, 3):
        folder = tmp_path / str(models)
        folder.mkdir()
        fleet = load_project(write_fleet(folder, models=models))
        before = trips.count.total()
        synthesize(Deployment(project=fleet, stage="bench", folder=folder / "out"))
        counts.append(trips.count.total() - before)

    assert (counts[1] - counts[0]) / 2 <= MOST_TRIPS_A_MODEL


def test_moto_takes_what_it_knows_of_a_models_template(later: Assembly):
    """A cheap smoke deploy; types that moto does not know are skipped by it, with a warning."""
    template = dict(later.templates["shop-prod-model-price"])
    template["Resources"] = {
        id_: {key: value for key, value in resource.items() if key != "DependsOn"}
        for id_, resource in template["Resources"].items()
        if not resource["Type"].startswith("Custom::")
    }
    for key in ("Rules", "Parameters"):
        template.pop(key)
    with mock_aws():
        session = boto3.Session(region_name="eu-west-1")
        client = session.client("cloudformation")
        client.create_stack(
            StackName="price", TemplateBody=json.dumps(template), Capabilities=["CAPABILITY_IAM"]
        )
        sagemaker = session.client("sagemaker")
        # moto names the endpoint itself, whatever the template says.
        (listed,) = sagemaker.list_endpoints()["Endpoints"]
        endpoint = sagemaker.describe_endpoint(EndpointName=listed["EndpointName"])
        config = sagemaker.describe_endpoint_config(
            EndpointConfigName=endpoint["EndpointConfigName"]
        )

    weights = {v["VariantName"]: v["InitialVariantWeight"] for v in config["ProductionVariants"]}
    assert weights == {"blue": 1, "green": 0}
