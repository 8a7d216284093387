"""Greengrass V2 of the embedded cloud, as clients with boto3 and core devices see it."""

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from emulator.greengrass.device.nucleus import Nucleus
from emulator.runtime import Credentials
from emulator.server import EmbeddedCloud
from tests.emulated_edge import Ground
from tests.polling import until

pytestmark = pytest.mark.accept

WAIT = "import time\nopen('ran', 'a').write('x')\ntime.sleep(600)\n"
FAIL = "import sys\nsys.exit(3)\n"


@pytest.fixture
def ground(ground_cloud: EmbeddedCloud) -> Ground:
    """A fleet's groundwork of its own."""
    return Ground(cloud=ground_cloud)


def refused(error: pytest.ExceptionInfo[ClientError]) -> str:
    """The code of a refusal."""
    return str(error.value.response["Error"]["Code"])


def brought(nucleus: Nucleus, deployment: str, status: str) -> None:
    """The device has worked until the deployment ended so."""

    def ended() -> bool:
        nucleus.step()
        execution = nucleus.executions.get(deployment, {})
        return bool(execution.get("coreDeviceExecutionStatus") == status)

    until(ended, seconds=60, what=f"deployment {status}")
    nucleus.step()


def test_a_component_version_has_the_digests_of_its_artifacts(ground: Ground):
    """They are computed by the service, whoever wrote the recipe; a version is made once."""
    arn = ground.component("1.0.0", WAIT)
    told = ground.greengrass.describe_component(arn=arn)
    assert told["status"]["componentState"] == "DEPLOYABLE"
    recipe = json.loads(ground.greengrass.get_component(arn=arn)["recipe"])
    (artifact,) = recipe["Manifests"][0]["Artifacts"]
    assert artifact["Algorithm"] == "SHA-256"
    assert len(artifact["Digest"]) == 44
    with pytest.raises(ClientError) as error:
        ground.component("1.0.0", FAIL)
    assert refused(error) == "ConflictException"


def test_a_recipe_that_is_none_is_refused_with_all_its_faults(ground: Ground):
    """Artifacts must be there."""
    recipe = {"ComponentName": "a b", "ComponentVersion": "one", "Manifests": []}
    with pytest.raises(ClientError) as error:
        ground.greengrass.create_component_version(inlineRecipe=json.dumps(recipe).encode())
    message = str(error.value)
    for fault in ("RecipeFormatVersion", "ComponentName", "semantic version", "Manifests"):
        assert fault in message


def test_the_newest_deployment_of_a_target_is_in_force(ground: Ground):
    """A client token makes one deployment, however often it is sent."""
    ground.component("1.0.0", WAIT)
    ground.component("1.0.1", WAIT)
    first = ground.deploy("1.0.0")
    second = ground.deploy("1.0.1", clientToken="again")
    assert ground.deploy("1.0.1", clientToken="again") == second
    (newest,) = ground.greengrass.list_deployments(targetArn=ground.group)["deployments"]
    assert newest["deploymentId"] == second
    both = ground.greengrass.list_deployments(targetArn=ground.group, historyFilter="ALL")
    told = {d["deploymentId"]: d["deploymentStatus"] for d in both["deployments"]}
    assert told == {first: "INACTIVE", second: "ACTIVE"}
    with pytest.raises(ClientError) as error:
        ground.deploy("9.9.9")
    assert refused(error) == "ResourceNotFoundException"


def test_a_device_runs_what_was_deployed_and_says_so(ground: Ground, tmp_path: Path):
    """Its component is a process; Greengrass knows the device, its components and deployments."""
    thing = ground.thing("one")
    ground.component("1.0.0", WAIT)
    deployment = ground.deploy("1.0.0")
    with ground.device(thing, tmp_path) as nucleus:
        brought(nucleus, deployment, "SUCCEEDED")
        assert ground.installed(thing) == {"1.0.0": "RUNNING"}
        assert ground.executions(thing) == {deployment: "SUCCEEDED"}
        listed = ground.greengrass.list_core_devices(thingGroupArn=ground.group)["coreDevices"]
        assert [core["coreDeviceThingName"] for core in listed] == [thing]
        assert (tmp_path / thing / "work" / ground.name / "ran").exists()


def test_a_device_whose_component_breaks_goes_back(ground: Ground, tmp_path: Path):
    """After three starts it is BROKEN, the deployment FAILED, and what ran before runs again."""
    thing = ground.thing("one")
    ground.component("1.0.0", WAIT)
    ground.component("1.0.1", FAIL)
    good = ground.deploy("1.0.0")
    with ground.device(thing, tmp_path) as nucleus:
        brought(nucleus, good, "SUCCEEDED")
        bad = ground.deploy("1.0.1", deploymentPolicies={"failureHandlingPolicy": "ROLLBACK"})
        brought(nucleus, bad, "FAILED")
        assert ground.installed(thing) == {"1.0.0": "RUNNING"}
        assert ground.executions(thing) == {good: "SUCCEEDED", bad: "FAILED"}


def test_a_device_that_was_away_gets_the_newest_only(ground: Ground, tmp_path: Path):
    """What was deployed in between is skipped."""
    thing = ground.thing("one")
    for version in ("1.0.0", "1.0.1", "1.0.2"):
        ground.component(version, WAIT)
    first = ground.deploy("1.0.0")
    with ground.device(thing, tmp_path) as nucleus:
        brought(nucleus, first, "SUCCEEDED")
        nucleus.switch_off()
        ground.deploy("1.0.1")
        last = ground.deploy("1.0.2")
        nucleus.switch_on()
        brought(nucleus, last, "SUCCEEDED")
        assert ground.executions(thing) == {first: "SUCCEEDED", last: "SUCCEEDED"}


def test_an_artifact_that_was_changed_is_not_installed(ground: Ground, tmp_path: Path):
    """The digest in the recipe is what counts."""
    thing = ground.thing("one")
    ground.component("1.0.0", WAIT)
    ground.s3.put_object(Bucket=ground.name, Key="1.0.0/run.py", Body=FAIL.encode())
    deployment = ground.deploy("1.0.0")
    with ground.device(thing, tmp_path) as nucleus:
        brought(nucleus, deployment, "FAILED")
        assert "digest" in nucleus.executions[deployment]["reason"]
        assert ground.installed(thing) == {}


def test_a_device_may_do_what_its_role_may(ground: Ground, tmp_path: Path):
    """Topics are those of its own name, artifacts those of its bucket."""
    things = [ground.thing("one"), ground.thing("two")]
    topic = f"arn:aws:iot:{ground.cloud.region}:{ground.cloud.account}:topic/reports"
    ground.allow("iot:Publish", f"{topic}/${{credentials-iot:ThingName}}")
    told = ground.link(things[0]).credentials()
    keys = Credentials(
        access_key=told["accessKeyId"],
        secret_key=told["secretAccessKey"],
        session_token=told["sessionToken"],
    )
    session = keys.session(endpoint_url=ground.cloud.endpoint_url, region=ground.cloud.region)
    publisher: Any = session.client("iot-data")
    publisher.publish(topic=f"reports/{things[0]}", payload=b"{}")
    with pytest.raises(ClientError) as error:
        publisher.publish(topic=f"reports/{things[1]}", payload=b"{}")
    assert "iot:Publish" in str(error.value) or refused(error).startswith("Forbidden")
