"""Models of AWS Marketplace: subscribed to they are released like any other, and else refused."""

from collections.abc import Callable

import pytest
from botocore.exceptions import ClientError

from cli.exits import CommandError
from stacks.project.artifacts import write_archive
from tests.e2e.world import BETTER, BROKEN, V1, Behaviour, World, wait_for
from tests.emulated_hosting import make_hosting

pytestmark = pytest.mark.accept

ALONE = """    framework: scikit-learn
    framework_version: "1.9-0"
    artifact: ARTIFACT
"""
IMAGE = "683313688378.dkr.ecr.us-east-1.amazonaws.com/sagemaker-scikit-learn:1.9-0-cpu-py3"
SELLER = "arn:aws:sagemaker:us-east-1:985815980388:model-package/"
REFUSAL = "Caller is not subscribed to the marketplace offering."


def listed(world: World, behaviour: Behaviour, *, subscribed: bool = True) -> str:
    """A version of the product, which the account is subscribed to or not; its ARN."""
    packed = world.folder / f"{behaviour.name}.tar.gz"
    write_archive(world.artifact(behaviour), packed)
    arn = f"{SELLER}{world.model}-{behaviour.name}"
    accounts = [world.cloud.account] if subscribed else []
    world.cloud.list_in_marketplace(arn, image=IMAGE, artifact=packed, subscribed=accounts)
    return arn


def bought(world: World, text: str, behaviour: Behaviour) -> None:
    """The project has this version of the product from the next deploy on."""
    assert ALONE in text
    arn = listed(world, behaviour)
    world.project_text = text.replace(ALONE, f"    model_package: {arn}\n")


def test_a_new_version_of_a_product_is_promoted_or_rolled_back(
    make_world: Callable[[str], World],
) -> None:
    """By what it does to users, as any version: nobody but those it failed loses a request."""
    world = make_world("bought")
    text = world.project_text
    bought(world, text, V1)
    world.deploy(V1)
    bought(world, text, BETTER)
    world.deploy(BETTER)
    with world.watched() as seen:
        wait_for(lambda: len(seen.door.served) > 200, seconds=120, what="traffic of v1")
        promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        bought(world, text, BROKEN)
        world.deploy(BROKEN)
        taken_back = world.finish(world.start())
    assert taken_back.phase == "rolled-back", taken_back.reason
    assert world.live_label() == "v2"
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []


def test_a_model_of_a_bought_algorithm_is_promoted_or_rolled_back(
    make_world: Callable[[str], World],
) -> None:
    """The image is the seller's, the artifacts are one's own; each version is a package of both."""
    world = make_world("made")
    arn = f"{SELLER.replace('model-package', 'algorithm')}{world.model}"
    world.cloud.list_algorithm_in_marketplace(arn, image=IMAGE, subscribed=[world.cloud.account])
    text = f"    algorithm_arn: {arn}\n    artifact: ARTIFACT\n"
    world.project_text = world.project_text.replace(ALONE, text)
    world.deploy(V1)
    world.deploy(BETTER)
    with world.watched() as seen:
        wait_for(lambda: len(seen.door.served) > 200, seconds=120, what="traffic of v1")
        promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        world.deploy(BROKEN)
        taken_back = world.finish(world.start())
    assert taken_back.phase == "rolled-back", taken_back.reason
    assert world.live_label() == "v2"
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    assert packages_of(world) == {"v2", "v3"}


def packages_of(world: World) -> set[str]:
    """Versions whose packages are there: those of both slots, and of no earlier deploy."""
    client = world.cloud.session().client("sagemaker")
    listed = client.list_model_packages(ModelPackageType="Unversioned", NameContains=world.model)
    names = [each["ModelPackageName"] for each in listed["ModelPackageSummaryList"]]
    slots = world.declaration.slots.items()
    of_slots = {f"{slot}-{version.digest}": version.label for slot, version in slots}
    assert len(names) == len(of_slots)
    return {label for end, label in of_slots.items() if any(name.endswith(end) for name in names)}


def test_a_product_without_subscription_is_told_before_and_refused_at_the_deploy(
    make_world: Callable[[str], World],
) -> None:
    """Preflight asks what the deploy would fail at; nothing is left of that deploy."""
    world = make_world("unsubscribed")
    arn = listed(world, V1, subscribed=False)
    world.project_text = world.project_text.replace(ALONE, f"    model_package: {arn}\n")
    with pytest.raises(CommandError, match=REFUSAL):
        world.deploy(V1)
    client = world.cloud.session().client("sagemaker")
    with pytest.raises(ClientError, match=REFUSAL):
        client.describe_model_package(ModelPackageName=arn)


def test_an_algorithm_without_subscription_is_refused_at_the_deploy(
    make_world: Callable[[str], World],
) -> None:
    """As a package is; preflight asks the same."""
    world = make_world("stranger")
    arn = f"{SELLER.replace('model-package', 'algorithm')}{world.model}"
    world.cloud.list_algorithm_in_marketplace(arn, image=IMAGE)
    text = f"    algorithm_arn: {arn}\n    artifact: ARTIFACT\n"
    world.project_text = world.project_text.replace(ALONE, text)
    with pytest.raises(CommandError, match=REFUSAL):
        world.deploy(V1)
    client = world.cloud.session().client("sagemaker")
    with pytest.raises(ClientError, match=REFUSAL):
        client.describe_algorithm(AlgorithmName=arn)


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"EnableNetworkIsolation": False}, "EnableNetworkIsolation must be true"),
        (
            {"Environment": {"A": "b"}},
            "Environment variable map cannot be specified when using a ModelPackage subscribed",
        ),
    ],
)
def test_what_sagemaker_demands_of_a_subscribed_package(
    make_world: Callable[[str], World], changes: dict[str, object], told: str
) -> None:
    """Isolation, and the seller's variables as they are."""
    world = make_world("demanding")
    arn = listed(world, V1)
    container: dict[str, object] = {"ModelPackageName": arn}
    if "Environment" in changes:
        container["Environment"] = changes["Environment"]
    hosting = make_hosting(world.cloud)
    with pytest.raises(ClientError, match=told):
        hosting.sagemaker.create_model(
            ModelName="demanding",
            ExecutionRoleArn=hosting.role,
            EnableNetworkIsolation=bool(changes.get("EnableNetworkIsolation", True)),
            PrimaryContainer=container,
        )
