"""`tidegate pipeline ...` before a CodePipeline that answers what AWS's model allows."""

import json
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from cli.exits import Exit
from cli.options import On, Place
from cli.project import PipelinePlace, Project
from cli.target import Target
from tests.cli_world import CliWorld, FakePlace, Said

NAME = "demo-pipeline"
EXECUTION = "0a1b2c3d-4e5f-6789-abcd-0123456789ab"
TOKEN = "11111111-2222-3333-4444-555555555555"


def action(name: str, status: str, **latest: Any) -> dict[str, Any]:
    """The state of an action."""
    return {"actionName": name, "latestExecution": {"status": status, **latest}}


def stage(name: str, status: str, *actions: dict[str, Any], **more: Any) -> dict[str, Any]:
    """The state of a stage."""
    latest = {"pipelineExecutionId": EXECUTION, "status": status}
    return {"stageName": name, "latestExecution": latest, "actionStates": list(actions), **more}


WAITING = stage(
    "Approval",
    "InProgress",
    action("Evidence", "Succeeded"),
    action("Approve", "InProgress", token=TOKEN),
)
FAILED = stage(
    "Staging",
    "Failed",
    action("Deploy", "Succeeded"),
    action("Release", "Failed", errorDetails={"message": "flights v3: rolled-back, errors"}),
)


class Home:
    """The command line in a project with a pipeline; its clients answer what a test queues."""

    def __init__(self, folder: Path) -> None:
        self.world = CliWorld()
        self.file = folder / "tidegate.yaml"
        session = boto3.Session(
            aws_access_key_id="a", aws_secret_access_key="s", region_name="eu-west-1"
        )
        make: Any = session.client
        self.clients = {name: make(name) for name in ("codepipeline", "cloudformation", "s3")}
        self.stubs = {name: Stubber(client) for name, client in self.clients.items()}

    def place(self, project_file: Path, stage: str | None, on: On) -> Place:
        """The place that commands get."""
        project = Project(
            path=project_file,
            name="demo",
            stages=("staging", "prod"),
            regions={"staging": "eu-west-1", "prod": "eu-west-1"},
            pipeline=PipelinePlace(
                name=NAME,
                region="eu-west-1",
                account=None,
                mode="delivery",
                staging="staging",
                production="prod",
            ),
        )
        return FakePlace(
            project=project, stage=project.stage(stage), target=self.target(), world=self.world
        )

    def target(self) -> Target:
        """A cloud whose clients are stubs."""
        clients = self.clients

        class Stubbed(Target):
            """Gives the stubs."""

            __slots__ = ()

            def client(self, service: str) -> Any:
                """One of them."""
                return clients[service]

        known = self.world.target()
        fields = ("session", "endpoint_url", "region", "clock", "environment", "embedded")
        return Stubbed(**{name: getattr(known, name) for name in fields})

    def run(self, *arguments: str, stdin: str | None = None) -> Said:
        """Run `tidegate pipeline ...`."""
        world = replace(self.world)
        world.place = self.place  # type: ignore[method-assign]
        for stub in self.stubs.values():
            stub.activate()
        return world.run("pipeline", *arguments, "--project-file", str(self.file), stdin=stdin)

    def answers(self, operation: str, response: dict[str, Any], **expected: Any) -> None:
        """CodePipeline answers this next."""
        wanted = expected or None
        self.stubs["codepipeline"].add_response(operation, response, wanted)

    def stands(self, *stages: dict[str, Any], status: str) -> None:
        """The next look shows these stages; how the execution stands is asked before them.

        Else one that ends in between would be over, with a stage that goes on.
        """
        summary = {"pipelineExecutionId": EXECUTION, "status": status}
        self.answers("list_pipeline_executions", {"pipelineExecutionSummaries": [summary]})
        self.answers("get_pipeline_state", {"stageStates": list(stages)}, name=NAME)

    def asked(self, evidence: str) -> None:
        """The approval was asked with this message."""
        detail = {
            "actionName": "Approve",
            "input": {"resolvedConfiguration": {"CustomData": evidence}},
        }
        self.answers("list_action_executions", {"actionExecutionDetails": [detail]})

    def decides(self, status: str, why: str) -> None:
        """A decision is expected."""
        self.answers(
            "put_approval_result",
            {},
            pipelineName=NAME,
            stageName="Approval",
            actionName="Approve",
            result={"summary": why, "status": status},
            token=TOKEN,
        )


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Home]:
    """A project folder; every queued answer was asked for in the end."""
    made = Home(tmp_path)
    yield made
    for stub in made.stubs.values():
        stub.assert_no_pending_responses()


@pytest.fixture
def me(monkeypatch: pytest.MonkeyPatch) -> str:
    """Who runs the command."""
    monkeypatch.setenv("LOGNAME", "ada")
    return "ada"


@pytest.mark.parametrize(
    ("stages", "status", "code"),
    [
        ((stage("Staging", "InProgress", action("Deploy", "InProgress")),), "InProgress", Exit.OK),
        ((WAITING,), "InProgress", Exit.UNDECIDED),
        ((FAILED,), "Failed", Exit.FAILED),
        ((), "Succeeded", Exit.OK),
    ],
)
def test_the_exit_code_says_how_it_stands(
    home: Home, stages: tuple[dict[str, Any], ...], status: str, code: Exit
):
    """For scripts."""
    home.stands(*stages, status=status)
    assert home.run("status").code == code


def test_a_failed_stage_says_why_and_what_to_do(home: Home):
    """The reason of the release is the reason of the stage."""
    home.stands(FAILED, status="Failed")
    told = home.run("status")
    assert "rolled-back, errors" in told.out
    assert "tidegate pipeline retry" in told.out


def test_a_stage_that_was_not_entered_says_which_rule(home: Home):
    """The alarm rule of production."""
    rule = {
        "ruleName": "AlarmIsOk",
        "latestExecution": {"status": "Failed", "summary": "alarm prod-health is in ALARM"},
    }
    condition = {
        "latestExecution": {"status": "Failed"},
        "conditionStates": [{"ruleStates": [rule]}],
    }
    home.stands(stage("Production", "Failed", beforeEntryConditionState=condition), status="Failed")
    told = home.run("status", "--json").json()
    assert told["stages"][0]["entry"] == "rule AlarmIsOk: alarm prod-health is in ALARM"


def test_a_watch_ends_when_somebody_must_decide(home: Home):
    """A line a change."""
    moving = stage("Staging", "InProgress", action("Release", "InProgress"))
    home.stands(moving, status="InProgress")
    home.stands(WAITING, status="InProgress")
    told = home.run("status", "--watch", "--json")
    assert [line["waiting"] for line in told.lines()] == [None, "Approval"]
    assert told.code == Exit.UNDECIDED


def test_an_approval_shows_its_evidence_and_asks(home: Home, me: str):
    """And tells who decided, and why."""
    home.stands(WAITING, status="InProgress")
    home.asked("flights v2 in staging: promoted. drift: not measured.")
    home.decides("Approved", "ada: better on every count")
    told = home.run("approve", "--why", "better on every count", stdin="y\n")
    assert told.code == 0
    assert told.out.index("drift: not measured") < told.out.index("Into production?")


def test_a_no_leaves_it_waiting(home: Home):
    """Nothing is decided."""
    home.stands(WAITING, status="InProgress")
    home.asked("")
    told = home.run("approve", stdin="n\n")
    assert (told.code, "without evidence" in told.out) == (Exit.REFUSED, True)


def test_a_program_must_say_yes(home: Home):
    """JSON on standard output leaves no place for a question."""
    home.stands(WAITING, status="InProgress")
    home.asked("")
    assert home.run("approve", "--json").json()["code"] == "refused"


def test_a_rejection_has_its_reason(home: Home, me: str):
    """In the pipeline's history."""
    home.stands(WAITING, status="InProgress")
    home.decides("Rejected", "ada: not before Monday")
    assert home.run("reject", "--why", "not before Monday", "--json").json()["status"] == "Rejected"


@pytest.mark.parametrize("verb", ["approve", "reject"])
def test_where_nothing_waits_there_is_nothing_to_decide(home: Home, verb: str):
    """It says how the pipeline stands."""
    home.stands(FAILED, status="Failed")
    told = home.run(verb)
    assert (told.code, "it is Failed" in told.err) == (Exit.REFUSED, True)


def test_a_retry_runs_what_failed(home: Home):
    """In the same execution."""
    home.stands(FAILED, status="Failed")
    home.answers(
        "retry_stage_execution",
        {"pipelineExecutionId": EXECUTION},
        pipelineName=NAME,
        stageName="Staging",
        pipelineExecutionId=EXECUTION,
        retryMode="FAILED_ACTIONS",
    )
    assert home.run("retry", "--json").json() == {"stage": "Staging", "execution": EXECUTION}


def test_without_a_failure_there_is_nothing_to_retry(home: Home):
    """A running stage is left alone."""
    home.stands(WAITING, status="InProgress")
    assert home.run("retry").code == Exit.REFUSED


def test_a_start_sends_the_newest_source(home: Home):
    """Its execution is named."""
    home.answers("start_pipeline_execution", {"pipelineExecutionId": EXECUTION}, name=NAME)
    assert home.run("start", "--json").json()["execution"] == EXECUTION


def _outputs(home: Home, **outputs: str) -> None:
    described = {
        "StackName": NAME,
        "CreationTime": "2026-01-01T00:00:00Z",
        "StackStatus": "CREATE_COMPLETE",
        "Outputs": [{"OutputKey": k, "OutputValue": v} for k, v in outputs.items()],
    }
    home.stubs["cloudformation"].add_response("describe_stacks", {"Stacks": [described]})


def test_an_upload_is_the_folder_without_what_is_made_from_it(home: Home, tmp_path: Path):
    """The same bytes for the same files."""
    folder = tmp_path / "project"
    for name in ("src/model.py", ".git/config", "node_modules/a.js", "src/__pycache__/m.pyc"):
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("x")
    _outputs(home, SourceBucketName="sources", SourceKey="source.zip")
    sent: dict[str, Any] = {}
    home.clients["s3"].meta.events.register(
        "provide-client-params.s3.PutObject", lambda params, **_: sent.update(params)
    )
    home.stubs["s3"].add_response("put_object", {})
    told = home.run("start", "--upload", str(folder), "--json")
    assert told.json()["uploaded"] == "s3://sources/source.zip"
    archive = tmp_path / "sent.zip"
    archive.write_bytes(sent["Body"])
    assert zipfile.ZipFile(archive).namelist() == ["src/model.py"]


def test_a_repository_takes_no_uploads(home: Home, tmp_path: Path):
    """It is pushed to."""
    _outputs(home, PipelineName=NAME)
    told = home.run("start", "--upload", str(tmp_path))
    assert (told.code, "push" in told.err) == (Exit.REFUSED, True)


def test_a_pipeline_that_is_not_deployed_says_how(home: Home):
    """The command that deploys it."""
    home.stubs["codepipeline"].add_client_error(
        "list_pipeline_executions", "PipelineNotFoundException"
    )
    told = home.run("status")
    assert (told.code, "tidegate pipeline deploy" in told.err) == (Exit.REFUSED, True)


def test_the_pipeline_is_deployed_as_a_place_of_its_own(home: Home):
    """Its stack, and nothing of a stage."""
    assert "demo-dev-release" in home.run("deploy", "--json").json()["stacks"]
    assert len(home.world.deployments) == 1


def test_json_views_hide_tokens(home: Home):
    """A token is what a decision is made with."""
    home.stands(WAITING, status="InProgress")
    assert TOKEN not in json.dumps(home.run("status", "--json").json())
