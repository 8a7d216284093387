"""Releases of several models behind one endpoint: all of them are one version, and move as one."""

from collections.abc import Callable, Iterator

import pytest

from cli.exits import CommandError
from cli.frontdoor import Reply
from tests.e2e.checks import assert_reported
from tests.e2e.leaving import remove_stacks
from tests.e2e.several import EVEN, ODD, SeveralWorld, several_models
from tests.e2e.world import BETTER, BROKEN, V1, World, wait_for

pytestmark = pytest.mark.accept

QUESTION = b'{"draw": 0}'


@pytest.fixture
def world(make_world: Callable[[str], World]) -> Iterator[SeveralWorld]:
    """Two models behind one endpoint."""
    made = several_models(make_world("several"))
    yield made
    remove_stacks(made.cloud, f"{made.project}-")


def test_all_models_are_promoted_or_taken_back_together(world: SeveralWorld) -> None:
    """A better model of the two brings the version through; a broken one takes both back.

    Users of either lose nothing but what the broken model failed on.
    """
    world.deploy(V1)
    assert_told_apart(world)
    world.deploy(BETTER)
    with world.watched() as seen:
        wait_for(lambda: len(seen.door.served) > 200, seconds=60, what="traffic of v1")
        promoted = world.finish(world.start())
        assert promoted.phase == "promoted", promoted.reason
        assert_reported(world, promoted)
        world.deploy(BROKEN)
        taken_back = world.finish(world.start())
    assert taken_back.phase == "rolled-back", taken_back.reason
    assert "errors" in taken_back.reason
    assert seen.door.lost(failing_percent=BROKEN.error_percent) == []
    # Those of odd numbers were answered by the same model all the time, whatever the version was.
    odd = {one.version for one in seen.door.served if one.draw % 2 and one.status == 200}
    even = {one.version for one in seen.door.served if one.draw % 2 == 0 and one.status == 200}
    assert odd == {"v1"}
    assert even == {"v1", "v2", "v3"}
    assert world.live_label() == "v2"
    assert_prefixes_apart(world)


def test_a_model_ends_only_where_the_project_file_says_so(world: SeveralWorld) -> None:
    """A deploy that forgets it is refused, and its users are answered on.

    One that says that it ends is released; afterwards who asks it is told which models there are.
    """
    world.deploy(V1)
    whole = world.project_text
    assert ", odd: " in whole
    without = "".join(
        f"{line.partition(', odd: ')[0]} }}\n" if ", odd: " in line else f"{line}\n"
        for line in whole.splitlines()
    )
    world.project_text = without
    with pytest.raises(CommandError, match="answers for odd, and this version does not"):
        world.deploy(BETTER)
    assert asked(world, ODD).status == 200

    ending = without.replace("    label: LABEL\n", "    label: LABEL\n    retired_models: [odd]\n")
    world.project_text = ending
    world.deploy(BETTER)
    assert asked(world, ODD).status == 200
    world.names = (EVEN,)
    with world.users():
        ended = world.finish(world.start())
    assert ended.phase == "promoted", ended.reason
    refused = asked(world, ODD)
    assert refused.status == 404
    assert b"it has: even" in refused.body


def asked(world: SeveralWorld, name: str) -> Reply:
    """What a caller of the model gets."""
    return world.front_door().predict(world.model, QUESTION, target_model=name)


def assert_told_apart(world: SeveralWorld) -> None:
    """Each name has its own model; a name that is missing or unknown is answered with those."""
    assert asked(world, EVEN).status == asked(world, ODD).status == 200
    unknown, missing = asked(world, "both"), asked(world, "")
    assert (unknown.status, missing.status) == (404, 400)
    assert b"even, odd" in unknown.body
    assert b"even, odd" in missing.body


def assert_prefixes_apart(world: SeveralWorld) -> None:
    """Each slot's models lie under a prefix of their version's, which nothing else is under."""
    sagemaker, s3 = (world.cloud.session().client(each) for each in ("sagemaker", "s3"))
    described = sagemaker.describe_endpoint_config(
        EndpointConfigName=sagemaker.describe_endpoint(EndpointName=world.endpoint_name)[
            "EndpointConfigName"
        ]
    )
    found = []
    for variant in described["ProductionVariants"]:
        container = sagemaker.describe_model(ModelName=variant["ModelName"])["PrimaryContainer"]
        assert container["Mode"] == "MultiModel"
        bucket, _, prefix = container["ModelDataUrl"].removeprefix("s3://").partition("/")
        listed = s3.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]
        assert [each["Key"] for each in listed] == [f"{prefix}{n}.tar.gz" for n in (EVEN, ODD)]
        found.append(prefix)
    assert len(set(found)) == 2
