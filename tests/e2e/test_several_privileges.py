"""Least privilege of a container of several models: it lists and reads what is their own."""

import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError, WaiterError

from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.several import EVEN, SeveralWorld, several_models
from tests.e2e.world import V1, World

pytestmark = pytest.mark.accept


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[SeveralWorld]:
    """Two models behind one endpoint."""
    plain = World(
        cloud=story_cloud, folder=tmp_path_factory.mktemp("several"), model="roles-of-two"
    )
    made = several_models(plain)
    made.deploy(V1)
    yield made
    remove_stacks(story_cloud, f"{made.project}-")


def a_model_of_two_is_asked(world: World, _role: DeployedRole) -> None:
    """An endpoint of the same models starts, and loads the one that a request names."""
    sagemaker, name = client(world, "sagemaker"), f"role-{uuid.uuid4().hex[:8]}"
    config = sagemaker.describe_endpoint(EndpointName=world.endpoint_name)["EndpointConfigName"]
    (variant, _) = sagemaker.describe_endpoint_config(EndpointConfigName=config)[
        "ProductionVariants"
    ]
    known = sagemaker.describe_model(ModelName=variant["ModelName"])
    try:
        sagemaker.create_model(
            ModelName=name,
            PrimaryContainer=known["PrimaryContainer"],
            ExecutionRoleArn=known["ExecutionRoleArn"],
        )
        _serve(world, name)
        client(world, "sagemaker-runtime").invoke_endpoint(
            EndpointName=name,
            TargetModel=f"{EVEN}.tar.gz",
            ContentType="application/json",
            Body=b'{"draw": 0}',
        )
    except (ClientError, WaiterError) as error:
        raise StoryFailedError(str(error)) from error
    finally:
        _forget(world, name)


def _serve(world: World, name: str) -> None:
    sagemaker = client(world, "sagemaker")
    sagemaker.create_endpoint_config(
        EndpointConfigName=name,
        ProductionVariants=[
            {
                "VariantName": "only",
                "ModelName": name,
                "InstanceType": "ml.t2.medium",
                "InitialInstanceCount": 1,
            }
        ],
    )
    sagemaker.create_endpoint(EndpointName=name, EndpointConfigName=name)
    sagemaker.get_waiter("endpoint_in_service").wait(
        EndpointName=name, WaiterConfig={"Delay": 1, "MaxAttempts": 60}
    )


def _forget(world: World, name: str) -> None:
    sagemaker = client(world, "sagemaker")
    for delete, key in (
        (sagemaker.delete_endpoint, "EndpointName"),
        (sagemaker.delete_endpoint_config, "EndpointConfigName"),
        (sagemaker.delete_model, "ModelName"),
    ):
        try:
            delete(**{key: name})
        except ClientError as error:
            # It never came so far.
            if error.response["Error"]["Code"] != "ValidationException":
                raise


def test_a_container_of_several_models_reads_them_and_nothing_else(
    world: SeveralWorld, prover: Prover
) -> None:
    """The rest of what its role allows is what AWS says that hosting needs."""
    role = DeployedRole(world=world, role_id="ExecutionRole", stack=world.hosting_stack)
    prover.prove("containers_several", role, {"a_model_of_two_is_asked": a_model_of_two_is_asked})
