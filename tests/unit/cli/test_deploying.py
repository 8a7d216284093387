"""`tidegate deploy`: what it tells, what it hands to the app, how a failure is told."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pytest

from cli.deployment import _code, _told
from cli.exits import CommandError, Exit
from cli.progress import Progress
from cli.synth import ROOT, SynthRequest, synth, synth_environment
from emulator.deployer import ResourceFailure, StackEvent, StackFailedError
from tests.cli_world import CliWorld
from tests.samples import MODEL

REQUEST = SynthRequest(
    project_file=Path("tidegate.yaml"), stage="dev", pointers={"m": {}}, output=Path("cdk.out")
)


def event(status: str, *, reason: str = "") -> StackEvent:
    """An event of a stack."""
    return StackEvent(
        stack_name="demo-dev-release",
        logical_id="Table",
        resource_type="AWS::DynamoDB::Table",
        status=status,
        reason=reason,
        physical_id="t",
        at=datetime.now(UTC),
    )


def failed(resource_type: str) -> StackFailedError:
    """A stack that failed at one resource."""
    failures = [ResourceFailure(logical_id="X", resource_type=resource_type, reason="no [b] way")]
    return StackFailedError("demo-dev-model-flights", "UPDATE_ROLLBACK_COMPLETE", failures)


def test_deploy_says_what_was_done_and_what_waits(world: CliWorld):
    """After a deploy the next command is on the screen."""
    said = world.run("deploy")
    assert said.code == 0
    assert "demo-dev-release: updated, 0.5 s" in said.out
    assert f"v2 waits: 'tidegate release start {MODEL}' releases it" in said.out


def test_deploy_in_json_has_stacks_and_models(world: CliWorld):
    """A pipeline reads what changed and what is live."""
    document = world.run("deploy", "--json").json()
    assert document["stacks"] == {"demo-dev-release": {"change": "updated", "seconds": 0.5}}
    assert document["models"][0]["idle_is"] == "waiting"


def test_deploy_names_the_open_release(world: CliWorld):
    """While a release is open nothing else is proposed."""
    world.release.prepare()
    assert "is open (step 1 of 2" in world.run("deploy").out


def test_deploy_after_a_roll_back_does_not_propose_the_refused_version(world: CliWorld):
    """The refused version is named as what it is."""
    world.release.traffic.error_shares = {"green": 0.3}
    world.release.run()
    assert "v2 (rolled-back) is in the idle slot" in world.run("deploy").out


def test_progress_tells_what_came_to_rest_with_the_time():
    """Each finished resource is told with the seconds since the beginning; failures stay."""
    told: list[str] = []
    failures: list[str] = []
    seconds = iter([0.0, 1.0, 2.0, 3.0, 4.0])
    shown = Progress(tell=told.append, fail=failures.append, clock=lambda: next(seconds))
    shown.stage("synthesizing")
    shown.event(event("CREATE_IN_PROGRESS"))
    shown.event(event("CREATE_COMPLETE"))
    shown.event(event("CREATE_FAILED", reason="no way"))
    assert [line.strip() for line in told] == [
        "1.0 s  synthesizing",
        "3.0 s  demo-dev-release  CREATE_COMPLETE  AWS::DynamoDB::Table Table (1 done)",
    ]
    assert failures[0].endswith("CREATE_FAILED  AWS::DynamoDB::Table Table: no way")


@pytest.mark.parametrize(
    ("resource_type", "code"),
    [("Custom::ReleaseGuard", Exit.REFUSED), ("AWS::SageMaker::Endpoint", Exit.FAILED)],
)
def test_a_guards_refusal_is_no_failure(resource_type: str, code: Exit):
    """Exit code 3 says that the deploy was refused, 1 that it broke."""
    assert _code(failed(resource_type)) is code


def test_every_cause_of_a_failed_stack_has_a_line():
    """The stack, its state and each resource that failed are told."""
    assert _told(failed("AWS::X::Y")) == (
        "stack demo-dev-model-flights ended in UPDATE_ROLLBACK_COMPLETE:\n  AWS::X::Y X: no [b] way"
    )


def test_the_app_is_told_project_file_stage_and_pointers():
    """The context is what app.py reads, with paths that hold in any folder."""
    environment = synth_environment(REQUEST)
    context = json.loads(environment["CDK_CONTEXT_JSON"])
    assert context["tidegate:project-file"] == str(Path("tidegate.yaml").resolve())
    assert context["tidegate:stage"] == "dev"
    assert json.loads(context["tidegate:pointers"]) == {"m": {}}
    assert environment["CDK_OUTDIR"] == str(Path("cdk.out").resolve())


def test_the_apps_folder_is_found_from_anywhere():
    """Synth does not depend on the folder a command is run in."""
    assert (ROOT / "app.py").is_file()
    assert str(ROOT / "node_modules" / ".bin") in synth_environment(REQUEST)["PATH"].split(
        os.pathsep
    )


def test_faults_of_the_project_file_are_told_as_the_app_tells_them(tmp_path: Path):
    """Synth in a child process refuses a bad file with file, line and fault."""
    file = tmp_path / "tidegate.yaml"
    file.write_text("project: demo\nstages: {dev: {region: nowhere-9}}\nmodels: {}\n")
    request = SynthRequest(project_file=file, stage="dev", pointers={}, output=tmp_path / "cdk.out")
    with pytest.raises(CommandError, match=r"tidegate\.yaml:2") as refused:
        synth(request)
    assert refused.value.code is Exit.REFUSED
    assert "Traceback" not in str(refused.value)
