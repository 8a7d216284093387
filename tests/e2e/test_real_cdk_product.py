"""The pinned CDK command line takes the product's own stacks through their life, IAM enforced."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from cli.bootstrapping.generate import of_templates
from cli.bootstrapping.policy import Scope
from cli.synthesized import templates_in
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from tests.e2e.cdk_command import CDK, ROOT, cdk_environment
from tests.e2e.checks import assert_served_well
from tests.e2e.world import BETTER, PROJECT, V1, Behaviour, World

pytestmark = pytest.mark.accept


class Cdk:
    """The real command line in the product's folder, pointed at one embedded cloud."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._environment = cdk_environment(world.cloud)

    def run(self, *arguments: str, behaviour: Behaviour = V1, pointers: bool = False) -> str:
        """What the command printed; CalledProcessError when it failed."""
        done = subprocess.run(
            [str(CDK), "--no-notices", *self._context(behaviour, pointers=pointers), *arguments],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
            timeout=300,
        )
        if done.returncode != 0:
            print(done.stdout)  # noqa: T201 - pytest shows it when the story fails
            raise subprocess.CalledProcessError(done.returncode, arguments, done.stdout)
        return done.stdout

    def deploy(self, behaviour: Behaviour, *, pointers: bool = False) -> str:
        """`cdk deploy --all`."""
        options = ("--all", "--require-approval", "never")
        return self.run("deploy", *options, behaviour=behaviour, pointers=pointers)

    def _context(self, behaviour: Behaviour, *, pointers: bool) -> list[str]:
        project_file = self._world.place(behaviour).project.path
        context = ["-c", f"tidegate:project-file={project_file}"]
        if pointers:
            path = self._world.folder / "pointers.json"
            path.write_text(json.dumps(self._world.pointers()))
            context += ["-c", f"tidegate:pointers={path}"]
        return [*context, "--output", str(self._world.folder / "cdk.out")]


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A cloud of this module's own."""
    folder = tmp_path_factory.mktemp("cdk")
    settings = Settings(time_scale=120.0, state_directory=folder / "cloud")
    with EmbeddedCloud.start(settings) as cloud:
        gone = "region: us-east-1, data_on_destroy: delete,"
        text = PROJECT.replace("region: us-east-1,", gone)
        text += "    data_capture: { percent: 100 }\n"
        yield World(cloud=cloud, folder=folder, model="real", project_text=text)


def execution_policies(world: World) -> list[str]:
    """The policies of `tidegate bootstrap-policy`, made in the account; their ARNs."""
    scope = Scope(
        project="story", stage="test", region=world.cloud.region, account=world.cloud.account
    )
    found = templates_in(world.synth(V1, pointers={})).values()
    iam = world.cloud.session().client("iam")
    return [
        iam.create_policy(
            PolicyName=f"story-test-deploy-{number}", PolicyDocument=json.dumps(document)
        )["Policy"]["Arn"]
        for number, document in enumerate(of_templates(scope, list(found)), start=1)
    ]


def test_the_life_of_a_project_by_the_real_cdk(world: World) -> None:
    """Bootstrap without an administrator, deploy, release, diff, a plain deploy, destroy."""
    cdk = Cdk(world)
    cdk.run(
        "bootstrap",
        f"aws://{world.cloud.account}/{world.cloud.region}",
        "--cloudformation-execution-policies",
        ",".join(execution_policies(world)),
    )
    cdk.deploy(V1)
    assert world.live_label() == "v1"

    world.deploy(BETTER)
    assert "Number of stacks with differences: 0" in cdk.run(
        "diff", behaviour=BETTER, pointers=True
    )
    with pytest.raises(subprocess.CalledProcessError) as plain:
        cdk.deploy(BETTER)
    assert "is live with version" in plain.value.stdout
    assert world.shares() == {"blue": 100.0, "green": 0.0}

    with world.watched() as seen:
        view = world.finish(world.start())
        assert view.phase == "promoted", view.reason
        with pytest.raises(subprocess.CalledProcessError) as stale:
            cdk.deploy(V1)
        assert "slot green of real is live with version" in stale.value.stdout
        cdk.deploy(BETTER, pointers=True)
        assert world.shares() == {"blue": 0.0, "green": 100.0}
        assert "Number of stacks with differences: 0" in cdk.run(
            "diff", behaviour=BETTER, pointers=True
        )
    assert_served_well(seen)

    cdk.run("destroy", "--all", "--force", behaviour=BETTER)
    session = world.cloud.session()
    stacks = session.client("cloudformation").describe_stacks()["Stacks"]
    assert [stack["StackName"] for stack in stacks] == ["CDKToolkit"]
    sagemaker = session.client("sagemaker")
    assert sagemaker.list_endpoints()["Endpoints"] == []
    assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
    assert sagemaker.list_models()["Models"] == []
    # What is left is the bootstrap's own, which its stack keeps.
    assert session.client("dynamodb").list_tables()["TableNames"] == []
    buckets = [bucket["Name"] for bucket in session.client("s3").list_buckets()["Buckets"]]
    assert all(name.startswith("cdk-hnb659fds-assets-") for name in buckets), buckets
