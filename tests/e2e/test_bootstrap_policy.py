"""Every example lives and dies by a CloudFormation role that may do what its policies say."""

import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from cli.bootstrapping.generate import of_templates
from cli.bootstrapping.policy import LONGEST_POLICY, Scope, length_of
from cli.synth import SynthRequest, synth
from cli.synthesized import templates_in
from emulator import deployer
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from stacks.project.load import load_project
from tests.e2e.on_a_laptop import playable, stand_in, subscribe
from tests.e2e.world import wait_for
from tests.synth.examples import FILES, project_file

pytestmark = pytest.mark.accept

REGION = "eu-west-1"
TIME_SCALE = 20.0
"""The examples give a container the minutes that it has on AWS: half a minute must be enough."""


@pytest.fixture(scope="module")
def cloud(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedCloud]:
    """A cloud in the region of most examples."""
    with cloud_in(REGION, tmp_path_factory.mktemp("bootstrapped")) as started:
        yield started


@contextmanager
def cloud_in(region: str, folder: Path) -> Iterator[EmbeddedCloud]:
    """A cloud in a region: types that AI services need are in some regions only."""
    settings = Settings(time_scale=TIME_SCALE, state_directory=folder, region=region)
    with EmbeddedCloud.start(settings) as started:
        yield started


class Example:
    """An example project on a cloud, in a folder of its own."""

    def __init__(self, cloud: EmbeddedCloud, folder: Path, example: Path) -> None:
        self.cloud, self.folder = cloud, folder
        self.file = project_file(example, folder)
        for version in folder.glob("*/version.txt"):
            stand_in(version.parent, version.read_text())
        self.file.write_text(playable(self.file.read_text()))
        subscribe(cloud, self.file.read_text(), folder)
        self.project = load_project(self.file)
        (self.stage,) = self.project.stages
        self._with_zone()

    def _with_zone(self) -> None:
        """A project with tracks gets a hosted zone of this cloud, and no keys of tokens."""
        text = self.file.read_text()
        if "zone_id" not in text:
            return
        client = self.cloud.session().client("route53")
        domain = f"{uuid.uuid4().hex[:8]}.example.com"
        made = client.create_hosted_zone(Name=domain, CallerReference=domain)
        zone = made["HostedZone"]["Id"].removeprefix("/hostedzone/")
        self.file.write_text(
            text.replace("Z0123456789ABCDEFGHIJ", zone).replace("models.example.com", domain)
        )

    def change(self, old: str, new: str) -> None:
        """The project file says something else."""
        text = self.file.read_text()
        assert old in text
        self.file.write_text(text.replace(old, new))

    def assembly(self) -> Path:
        """What is synthesized of it now."""
        output = self.folder / "cdk.out"
        request = SynthRequest(project_file=self.file, stage=self.stage, pointers={}, output=output)
        return synth(request)

    def policies(self, *, boundary: str | None = None) -> list[dict[str, Any]]:
        """What `tidegate bootstrap-policy` prints for it."""
        scope = Scope(
            project=self.project.name,
            stage=self.stage,
            region=self.cloud.region,
            account=self.cloud.account,
            boundary=boundary,
        )
        return of_templates(scope, list(templates_in(self.assembly()).values()))


def execution_role(cloud: EmbeddedCloud, policies: Sequence[Mapping[str, Any]]) -> str:
    """A role as `cdk bootstrap --cloudformation-execution-policies` makes it; its ARN."""
    iam, name = cloud.session().client("iam"), f"cdk-{uuid.uuid4().hex[:8]}-cfn-exec-role"
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Action": "sts:AssumeRole",
                "Principal": {"Service": "cloudformation.amazonaws.com"},
            }
        ],
    }
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))["Role"]
    for number, document in enumerate(policies):
        made = iam.create_policy(PolicyName=f"{name}-{number}", PolicyDocument=json.dumps(document))
        iam.attach_role_policy(RoleName=name, PolicyArn=made["Policy"]["Arn"])
    return str(role["Arn"])


def stacks_of(cloud: EmbeddedCloud) -> set[str]:
    """The names of all stacks that are there."""
    found = cloud.session().client("cloudformation").describe_stacks()["Stacks"]
    return {stack["StackName"] for stack in found}


SERVICES = tuple(file for file in FILES if file.parent.name in {"ai", "labelling"})


@pytest.mark.parametrize(
    "example", [file for file in FILES if file not in SERVICES], ids=lambda file: file.stem
)
def test_an_example_is_deployed_updated_and_destroyed(
    cloud: EmbeddedCloud, tmp_path: Path, example: Path
) -> None:
    """Nothing that CloudFormation does for it is refused."""
    _lives_and_dies(cloud, tmp_path, example)


def test_ai_services_are_deployed_updated_and_destroyed(tmp_path: Path) -> None:
    """Of every kind, and those that are released, in a region that has their types."""
    with cloud_in("us-east-1", tmp_path / "cloud") as cloud:
        for example in SERVICES:
            folder = tmp_path / f"{example.parent.name}-{example.stem}"
            folder.mkdir()
            _lives_and_dies(cloud, folder, example)


def _lives_and_dies(cloud: EmbeddedCloud, tmp_path: Path, example: Path) -> None:
    project = Example(cloud, tmp_path, example)
    others = stacks_of(cloud)
    policies = project.policies()
    assert max(length_of(document) for document in policies) <= LONGEST_POLICY
    role = execution_role(cloud, policies)
    session = cloud.session()

    deployer.deploy(session, project.assembly(), role_arn=role)
    project.change("log_days: 7", "log_days: 14")
    updated = deployer.deploy(session, project.assembly(), role_arn=role)
    assert deployer.StackChange.UPDATED in {stack.change for stack in updated.stacks}
    deployer.destroy(session, project.folder / "cdk.out")

    assert stacks_of(cloud) == others | {"CDKToolkit"}


@pytest.fixture(scope="module")
def scoped(cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The role of the first example."""
    example = Example(cloud, tmp_path_factory.mktemp("scoped"), FILES[0])
    return execution_role(cloud, example.policies())


LOG_GROUP = {
    "Type": "AWS::Logs::LogGroup",
    "Properties": {"RetentionInDays": 7},
}


def role(**properties: Any) -> dict[str, Any]:
    """A role that EC2 takes."""
    statement = {
        "Effect": "Allow",
        "Action": "sts:AssumeRole",
        "Principal": {"Service": "ec2.amazonaws.com"},
    }
    declared = {"AssumeRolePolicyDocument": {"Statement": [statement]}, **properties}
    return {"Type": "AWS::IAM::Role", "Properties": declared}


STRANGERS: Mapping[str, tuple[str, Mapping[str, Any], str]] = {
    "another name": ("payments-dev-api", LOG_GROUP, "logs:CreateLogGroup"),
    "another stage": ("tidegate-prod-release", LOG_GROUP, "logs:CreateLogGroup"),
    "a name of somebody else": ("tidegate-dev-more", role(RoleName="admin"), "iam:CreateRole"),
    "another type": (
        "tidegate-dev-queue",
        {"Type": "AWS::SQS::Queue", "Properties": {}},
        "sqs:CreateQueue",
    ),
}


def created(cloud: EmbeddedCloud, name: str, resource: Mapping[str, Any], role_arn: str) -> str:
    """Why the only resource of a stack could not be made; "" if it was."""
    client = cloud.session().client("cloudformation")
    client.create_stack(
        StackName=name,
        RoleARN=role_arn,
        Capabilities=["CAPABILITY_NAMED_IAM"],
        TemplateBody=json.dumps({"Resources": {"Only": resource}}),
    )

    def status() -> str | None:
        found = str(client.describe_stacks(StackName=name)["Stacks"][0]["StackStatus"])
        return None if found.endswith("_IN_PROGRESS") else found

    if wait_for(status, seconds=30, what=f"rest of {name}") == "CREATE_COMPLETE":
        return ""
    events = client.describe_stack_events(StackName=name)["StackEvents"]
    return str(
        next(e for e in events if e["ResourceStatus"] == "CREATE_FAILED")["ResourceStatusReason"]
    )


@pytest.mark.parametrize("case", STRANGERS)
def test_what_is_not_the_stages_is_refused(cloud: EmbeddedCloud, scoped: str, case: str) -> None:
    """A stack of other names or types fails with AWS's words."""
    name, resource, action = STRANGERS[case]
    assert f"is not authorized to perform: {action}" in created(cloud, name, resource, scoped)


def test_roles_are_made_only_with_the_boundary(cloud: EmbeddedCloud, tmp_path: Path) -> None:
    """Where the policies ask for one: a role without it is refused, one with it is made."""
    made = (
        cloud.session()
        .client("iam")
        .create_policy(
            PolicyName="boundary",
            PolicyDocument=json.dumps(
                {
                    "Version": "2012-10-17",
                    "Statement": [{"Effect": "Deny", "Action": "iam:*", "Resource": "*"}],
                }
            ),
        )
    )
    arn = made["Policy"]["Arn"]
    bounded = execution_role(cloud, Example(cloud, tmp_path, FILES[0]).policies(boundary=arn))

    loose = created(cloud, "tidegate-dev-loose", role(), bounded)
    assert "is not authorized to perform: iam:CreateRole" in loose
    assert created(cloud, "tidegate-dev-bound", role(PermissionsBoundary=arn), bounded) == ""
