"""Rings of an edge fleet in Greengrass: a port `Endpoints` for what has none."""

import json
import uuid
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from emulator.server import EmbeddedCloud
from tests import samples
from tests.botocore_model import watched_requests
from tidegate.edge.names import component_version, fleet_name, ring_group
from tidegate.errors import NotFoundError
from tidegate.plan import Step
from tidegate.pointer import Declaration
from tidegate_aws.edge_rings import EdgeRings

PLAN = replace(
    samples.PLAN,
    steps=(Step(share_percent=1, bake_seconds=60), Step(share_percent=10, bake_seconds=60)),
)


@pytest.fixture
def declared(ground_cloud: EmbeddedCloud) -> Declaration:
    """A deploy of v1, live, and v2: rings and component versions are there, and no device."""
    place = f"demo-test-{uuid.uuid4().hex[:6]}"
    iot = ground_cloud.session().client("iot")
    greengrass = ground_cloud.session().client("greengrassv2")
    for ring in (1, 2, 3):
        iot.create_thing_group(thingGroupName=ring_group(place, ring))
    for label in ("v1", "v2"):
        recipe = {
            "RecipeFormatVersion": "2020-01-25",
            "ComponentName": place,
            "ComponentVersion": component_version(samples.version(label).digest),
            "Manifests": [{"Lifecycle": {"Run": "true"}}],
        }
        greengrass.create_component_version(inlineRecipe=json.dumps(recipe).encode())
    return samples.declaration(endpoint_name=fleet_name(place), plan=PLAN)


@pytest.fixture(scope="module")
def table(ground_cloud: EmbeddedCloud) -> str:
    """A table like the release table."""
    name = f"releases-{uuid.uuid4().hex[:6]}"
    keys = {"pk": "HASH", "sk": "RANGE"}
    ground_cloud.session().client("dynamodb").create_table(
        TableName=name,
        BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": k, "AttributeType": "S"} for k in keys],
        KeySchema=[{"AttributeName": k, "KeyType": kind} for k, kind in keys.items()],
    )
    return name


@pytest.fixture
def rings(ground_cloud: EmbeddedCloud, table: str) -> Iterator[EdgeRings]:
    """All requests keep AWS's own rules."""
    session: Any = ground_cloud.session()
    greengrass, iot = session.client("greengrassv2"), session.client("iot")
    with watched_requests() as requests:
        yield EdgeRings(
            dynamodb=session.client("dynamodb"),
            table=table,
            greengrass_client=lambda: greengrass,
            iot_client=lambda: iot,
        )
    assert requests.faults == []


def told(rings: EdgeRings, declared: Declaration) -> list[str]:
    """The version that each ring was told, by its label."""
    labels = {component_version(samples.version(v).digest): v for v in ("v1", "v2", "v3")}
    return [labels[ring.version] for ring in rings.rings(declared.endpoint_name)]


def test_a_first_deploy_tells_every_ring_the_live_version(
    rings: EdgeRings, declared: Declaration
) -> None:
    """And what was deployed is read back; again it makes no deployment."""
    rings.declare(declared, live="blue")
    before = rings.rings(declared.endpoint_name)
    rings.declare(declared, live="blue")
    assert rings.rings(declared.endpoint_name) == before
    state = rings.read(declared.endpoint_name)
    assert (state.status, state.config_name) == ("InService", declared.endpoint_config_name)
    assert state.shares() == {"blue": 100.0, "green": 0.0}


def test_shares_move_ring_by_ring_and_back(rings: EdgeRings, declared: Declaration) -> None:
    """Outer rings get no deployment before it is their turn."""
    rings.declare(declared, live="blue")
    for share, wanted in ((1, ["v2", "v1", "v1"]), (10, ["v2", "v2", "v1"])):
        before = rings.rings(declared.endpoint_name)[2]
        rings.set_weights(declared.endpoint_name, {"blue": 100 - share, "green": share})
        assert told(rings, declared) == wanted
        assert rings.read(declared.endpoint_name).shares()["green"] == share
        assert rings.rings(declared.endpoint_name)[2] == before
    rings.set_weights(declared.endpoint_name, {"blue": 100, "green": 0})
    assert told(rings, declared) == ["v1", "v1", "v1"]


def test_a_promoted_version_is_everywhere(rings: EdgeRings, declared: Declaration) -> None:
    """Asking again changes nothing, and a deploy of the next one moves no ring."""
    rings.declare(declared, live="blue")
    rings.set_weights(declared.endpoint_name, {"blue": 0, "green": 100})
    before = rings.rings(declared.endpoint_name)
    rings.set_weights(declared.endpoint_name, {"blue": 0, "green": 100})
    assert rings.rings(declared.endpoint_name) == before
    following = samples.declaration("v3", "v2", endpoint_name=declared.endpoint_name, plan=PLAN)
    rings.declare(following, live="green")
    assert told(rings, declared) == ["v2", "v2", "v2"]


def test_a_cancelled_deployment_is_no_share(
    rings: EdgeRings, declared: Declaration, ground_cloud: EmbeddedCloud
) -> None:
    """Whoever cancelled it, the release sees that its share is gone, and asks again."""
    rings.declare(declared, live="blue")
    rings.set_weights(declared.endpoint_name, {"blue": 99, "green": 1})
    first = rings.rings(declared.endpoint_name)[0]
    rings.greengrass.cancel_deployment(deploymentId=first.deployment_id)
    assert rings.read(declared.endpoint_name).shares()["green"] == 0
    rings.set_weights(declared.endpoint_name, {"blue": 99, "green": 1})
    assert rings.read(declared.endpoint_name).shares()["green"] == 1


def test_deployments_say_which_version_they_are_of(rings: EdgeRings, declared: Declaration) -> None:
    """A failed deployment is of that version; one that is unknown is of none."""
    rings.declare(declared, live="blue")
    first = rings.rings(declared.endpoint_name)[0]
    assert rings.version_of(declared.endpoint_name, first.deployment_id) == first.version
    assert rings.version_of(declared.endpoint_name, str(uuid.uuid4())) is None


def test_what_was_forgotten_has_no_deployment(rings: EdgeRings, declared: Declaration) -> None:
    """Twice is once."""
    rings.declare(declared, live="blue")
    arns = [ring.arn for ring in rings.rings(declared.endpoint_name)]
    rings.forget(declared.endpoint_name)
    rings.forget(declared.endpoint_name)
    for arn in arns:
        assert rings.greengrass.list_deployments(targetArn=arn)["deployments"] == []


def test_what_was_never_deployed_is_not_found(rings: EdgeRings) -> None:
    """As an endpoint that is not there; to forget it is nothing."""
    with pytest.raises(NotFoundError):
        rings.read("edge/nobody")
    rings.forget("edge/nobody")
