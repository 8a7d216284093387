"""The pinned CDK command line deploys to the embedded cloud unchanged, with IAM enforced."""

import json
import os
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from emulator.deployer import deploy
from emulator.server import EmbeddedCloud

pytestmark = pytest.mark.accept

ROOT = Path(__file__).resolve().parents[2]
CDK = ROOT / "node_modules" / ".bin" / "cdk"
APP = ROOT / "tests" / "e2e" / "apps" / "small"
MAY_ASSUME_CDK_ROLES = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Action": "sts:AssumeRole", "Resource": "arn:aws:iam::*:role/cdk-*"}
    ],
}


class CdkCli:
    """The real command line, pointed at one embedded cloud."""

    def __init__(self, cloud: EmbeddedCloud, app: Path) -> None:
        self._app = app
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

    def run(self, *arguments: str, keys: Mapping[str, str] | None = None) -> str:
        """Return what the command printed; it must succeed."""
        done = subprocess.run(
            [str(CDK), "--no-notices", *arguments],
            cwd=self._app,
            env={**self._environment, **(keys if keys is not None else {})},
            capture_output=True,
            text=True,
            check=False,
            timeout=240,
        )
        output = done.stdout + done.stderr
        assert done.returncode == 0, output
        return output


@pytest.fixture(scope="module")
def cloud() -> Iterator[EmbeddedCloud]:
    """An embedded cloud of this module's own."""
    with EmbeddedCloud.start() as started:
        yield started


@pytest.fixture(scope="module")
def cli(cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> CdkCli:
    """The command line in a copy of the small app, bootstrapped by an administrator."""
    app = tmp_path_factory.mktemp("app") / "small"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("cdk.out", "__pycache__"))
    cli = CdkCli(cloud, app)
    cli.run("bootstrap", f"aws://{cloud.account}/{cloud.region}")
    return cli


@pytest.fixture(scope="module")
def keys(cloud: EmbeddedCloud) -> Mapping[str, str]:
    """Keys of a user who may assume the CDK's roles and nothing else."""
    iam = cloud.session().client("iam")
    iam.create_user(UserName="deployer")
    iam.put_user_policy(
        UserName="deployer",
        PolicyName="cdk",
        PolicyDocument=json.dumps(MAY_ASSUME_CDK_ROLES),
    )
    made = iam.create_access_key(UserName="deployer")["AccessKey"]
    return {
        "AWS_ACCESS_KEY_ID": made["AccessKeyId"],
        "AWS_SECRET_ACCESS_KEY": made["SecretAccessKey"],
    }


def _status(cloud: EmbeddedCloud, name: str) -> str:
    stacks = cloud.session().client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return str(stacks[0]["StackStatus"])


def _outputs(cloud: EmbeddedCloud, name: str) -> dict[str, str]:
    stacks = cloud.session().client("cloudformation").describe_stacks(StackName=name)["Stacks"]
    return {o["OutputKey"]: o["OutputValue"] for o in stacks[0]["Outputs"]}


def _run_machine(cloud: EmbeddedCloud, arn: str) -> dict[str, Any]:
    states = cloud.session().client("stepfunctions")
    started = states.start_execution(stateMachineArn=arn, input='{"id": "one"}')
    while True:
        execution = states.describe_execution(executionArn=started["executionArn"])
        if execution["status"] != "RUNNING":
            return dict(execution)


def test_the_cli_deploys_updates_diffs_and_destroys(
    cloud: EmbeddedCloud, cli: CdkCli, keys: Mapping[str, str]
) -> None:
    """A user who may only assume the CDK's roles takes an app through its whole life."""
    said = cli.run("deploy", "--all", "--require-approval", "never", keys=keys)
    assert "could not be used to assume" not in said
    assert _status(cloud, "SmallWork") == "CREATE_COMPLETE"
    outputs = _outputs(cloud, "SmallWork")
    assert outputs["Said"] == "good day"
    assert json.loads(_run_machine(cloud, outputs["MachineArn"])["output"]) == {
        "id": "one",
        "greeting": "good day",
    }

    assert "Number of stacks with differences: 0" in cli.run("diff", keys=keys)
    changed = cli.run("diff", "-c", "greeting=good night", keys=keys)
    assert "Number of stacks with differences: 1" in changed
    assert "good night" in changed

    arguments = ("deploy", "--all", "--require-approval", "never", "-c", "greeting=good night")
    cli.run(*arguments, keys=keys)
    assert _status(cloud, "SmallWork") == "UPDATE_COMPLETE"
    assert _outputs(cloud, "SmallWork")["Said"] == "good night"

    cli.run("destroy", "--all", "--force", keys=keys)
    listed = cloud.session().client("cloudformation").describe_stacks()["Stacks"]
    assert [s["StackName"] for s in listed] == ["CDKToolkit"]


def test_bootstrap_completes_what_our_deployer_began(tmp_path: Path) -> None:
    """`cdk bootstrap` updates the least bootstrap of our deployer in place."""
    app = tmp_path / "small"
    shutil.copytree(APP, app, ignore=shutil.ignore_patterns("cdk.out", "__pycache__"))
    with EmbeddedCloud.start() as cloud:
        cli = CdkCli(cloud, app)
        cli.run("synth", "--quiet")
        deploy(cloud.session(), app / "cdk.out")
        cli.run("bootstrap", f"aws://{cloud.account}/{cloud.region}")
        assert _status(cloud, "CDKToolkit") == "UPDATE_COMPLETE"
        assert "no changes" in cli.run("deploy", "--all", "--require-approval", "never")
