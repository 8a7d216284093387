"""Least privilege of a service that recommends: events, what it learns by, its data's role.

And of its campaign: who makes it, who asks it, and who ends it with its stack.
"""

import json
import uuid
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from cli.privileges.rights import Right
from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from stacks.project.names import function_name
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import DeployedRole, Prover, StoryFailedError, client
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld, until

pytestmark = pytest.mark.accept

SAMPLES = Path(__file__).parents[2] / "examples" / "ai" / "samples"
SERVICE = """
  upsell:
    kind: personalize
    requests_per_minute: 60000
    settings: { item_fields: { CATEGORY: category, PRICE: number } }
  live:
    kind: personalize
    requests_per_minute: 60000
    settings: { item_fields: { CATEGORY: category, PRICE: number }, answers: campaign }
"""


def about(right: Right) -> bool:
    """What only this kind has."""
    return right.action.startswith("personalize:") or right.resource == "DataRole"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """One service, whose files have come."""
    folder = tmp_path_factory.mktemp("shop-rights")
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="shoprights", services=SERVICE)
    made.deploy()
    for service in ("upsell", "live"):
        for table in ("interactions", "items"):
            key = made.send(service, SAMPLES / f"shop-{table}.csv", prefix=table)
            assert made.outcome(service, key)["status"] == "done"
    yield made
    remove_stacks(story_cloud, "shoprights-")


def run(_: ServicesWorld, role: ServiceRole) -> None:
    """Everything is imported, learnt from and asked for, a step at a time."""
    found = _run(role)
    if found["status"] != "done" or found["result"]["users"] != 120:
        raise StoryFailedError(str(found))


def _run(role: ServiceRole) -> Any:
    """The result of a run, whose every step is looked at until it is over."""
    key = role.put("runs", "run.json", b"{}")
    if role.work_on(key):
        raise StoryFailedError("the run was not begun")

    def look() -> bool | None:
        if role.look_again(key):
            raise StoryFailedError("a step failed")
        return bool(role.results(key)) or None

    until(look, seconds=60, what=f"the end of {key}")
    (found,) = role.results(key)
    return found


def events(_: ServicesWorld, role: ServiceRole) -> None:
    """What a user did is taken."""
    role.ask("events", session="s", events=[{"type": "view", "item": "hats-1"}])


def _campaign(world: ServicesWorld) -> Any:
    listed = client(world, "personalize").list_campaigns()["campaigns"]
    return next((one for one in listed if "shoprights-test-live" in one["name"]), None)


def make(world: ServicesWorld, role: ServiceRole) -> None:
    """A run makes the campaign; and makes it again where it failed."""
    there = _campaign(world)
    if there is not None:
        client(world, "personalize").delete_campaign(campaignArn=there["campaignArn"])
    found = _run(role)
    if found["status"] != "done" or _campaign(world) is None:
        raise StoryFailedError(str(found))


def fit(world: ServicesWorld, role: ServiceRole) -> None:
    """A campaign for more requests than its settings say is for as many as they say."""
    personalize, arn = client(world, "personalize"), _campaign(world)["campaignArn"]
    personalize.update_campaign(campaignArn=arn, minProvisionedTPS=3)
    _run(role)
    told = personalize.describe_campaign(campaignArn=arn)["campaign"]
    if told["minProvisionedTPS"] != 1:
        raise StoryFailedError(str(told))


def mend(world: ServicesWorld, role: ServiceRole) -> None:
    """A campaign that AWS failed to make is made anew."""
    personalize, there = client(world, "personalize"), _campaign(world)
    personalize.delete_campaign(campaignArn=there["campaignArn"])
    world.cloud.set_faults("personalize", Faults(failed_jobs=1.0))
    try:
        personalize.create_campaign(
            name=there["name"],
            solutionVersionArn=there["campaignArn"].replace(":campaign/", ":solution/")
            + "/$LATEST",
            minProvisionedTPS=1,
        )
        until(lambda: _has_failed(world), seconds=30, what="a failed campaign")
    finally:
        world.cloud.set_faults("personalize", Faults())
    _run(role)
    if _campaign(world)["status"] != "ACTIVE":
        raise StoryFailedError("the campaign still failed")


def _has_failed(world: ServicesWorld) -> bool | None:
    return _campaign(world)["status"] == "CREATE FAILED" or None


def recommend(_: ServicesWorld, role: ServiceRole) -> None:
    """The campaign is asked."""
    if role.ask("recommend", user="u1")["source"] != "campaign":
        raise StoryFailedError("something else answered")


def end(world: ServicesWorld, _role: DeployedRole) -> None:
    """A stack that has a campaign goes, and the campaign with it."""
    function = client(world, "lambda").get_function_configuration(
        FunctionName=function_name("shoprights", "test", "ai-empty_bucket")
    )
    there = _campaign(world)["campaignArn"]
    name = there.rpartition("/")[2]
    personalize = client(world, "personalize")
    solution = there.replace(":campaign/", ":solution/")
    properties = {"ServiceToken": function["FunctionArn"], "SolutionArn": solution}
    end_ = {"Type": "Custom::PersonalizeCampaign", "Properties": properties}
    cloudformation, stack = client(world, "cloudformation"), f"ends-{uuid.uuid4().hex[:8]}"
    made = cloudformation.create_stack(
        StackName=stack, TemplateBody=json.dumps({"Resources": {"End": end_}})
    )["StackId"]
    _rests(world, made)
    cloudformation.delete_stack(StackName=stack)
    ended = _rests(world, made)
    gone = _campaign(world) is None
    if gone:
        personalize.create_campaign(
            name=name, solutionVersionArn=f"{solution}/$LATEST", minProvisionedTPS=1
        )
    if ended != "DELETE_COMPLETE" or not gone:
        raise StoryFailedError(f"{ended}, campaign gone: {gone}")


def _rests(world: ServicesWorld, stack_id: str) -> str:
    def status() -> str | None:
        found = client(world, "cloudformation").describe_stacks(StackName=stack_id)["Stacks"]
        told = str(found[0]["StackStatus"])
        return None if told.endswith("_IN_PROGRESS") else told

    return until(status, seconds=60, what=f"rest of {stack_id}")


def test_each_right_to_a_campaign_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To make it, to ask it, and to end it with its stack."""
    worker = ServiceRole(world, "live", WORKER)
    with worker.by_hand():
        stories = {"make": make, "fit": fit, "mend": mend}
        prover.prove(f"{WORKER}_campaign", worker, stories, about=_of_campaigns)
    door = ServiceRole(world, "live", DOOR)
    prover.prove(f"{DOOR}_campaign", door, {"recommend": recommend}, about=_of_recommendations)
    shared = "shoprights-test-ai"
    ender = DeployedRole(world=world, role_id="EmptyBucketRole", stack=shared)  # type: ignore[arg-type]
    prover.prove("empty_bucket_campaigns", ender, {"end": end}, about=_of_campaigns)


def _of_campaigns(right: Right) -> bool:
    return right.action.startswith("personalize:") and "Campaign" in right.action


def _of_recommendations(right: Right) -> bool:
    return right.action == "personalize:GetRecommendations"


def test_each_right_of_the_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """It hands events on."""
    role = ServiceRole(world, "upsell", DOOR)
    prover.prove(f"{DOOR}_personalize", role, {"events": events}, about=about)


def test_each_right_of_the_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """Its imports, trainings and batches, and the role that it passes."""
    role = ServiceRole(world, "upsell", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_personalize", role, {"run": run}, about=about)


def test_each_right_of_personalize_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """It lists and reads what is imported, and writes what it recommends."""
    worker = ServiceRole(world, "upsell", WORKER)
    role = DeployedRole(world=world, role_id="DataRole", stack=worker.stack)  # type: ignore[arg-type]

    def run_by_worker(_world: ServicesWorld, _role: DeployedRole) -> None:
        run(world, worker)

    with worker.by_hand():
        prover.prove("data_role", role, {"run": run_by_worker})
