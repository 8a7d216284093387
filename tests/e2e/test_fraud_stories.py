"""Events are approved, reviewed or blocked; chargebacks come late, once, by route and by file."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from emulator.ai.faults import Faults
from emulator.server import EmbeddedCloud
from tests.e2e.breaking import sabotaged
from tests.e2e.leaving import remove_stacks
from tests.e2e.scorers import SCORER, config_of, host_scorer, in_service
from tests.e2e.services import ServicesWorld
from tests.emulated_hosting import Hosting

pytestmark = pytest.mark.accept

RULES = """
# Orders
block when RISKY and country not in ["CH"]
review when amount > 500
approve otherwise
"""
FRAUD = """
  orders:
    kind: fraud-detector
    settings:
      rules: orders.rules
      endpoint: fraud-{stage}-scores
      features: [amount, new]
      variables: &variables
        amount: { type: number }
        country: { type: text }
        new: { type: tick, required: false }
  legacy:
    kind: fraud-detector
    settings:
      engine: fraud-detector
      enrolled: true
      rules: legacy.rules
      variables: *variables
"""
ENDPOINT = "fraud-test-scores"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """Both engines, and a hosted model that scores by the amount."""
    folder = tmp_path_factory.mktemp("fraud")
    (folder / "orders.rules").write_text(RULES.replace("RISKY", "score > 0.9"))
    (folder / "legacy.rules").write_text(RULES.replace("RISKY", "amount > 900"))
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="fraud", services=FRAUD)
    host_scorer(story_cloud, ENDPOINT)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "fraud-")
    story_cloud.session().client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)


@contextmanager
def model_of(world: ServicesWorld, source: str) -> Iterator[None]:
    """The endpoint serves a model of this source while the block runs, and its own again after."""
    sagemaker = world.client("sagemaker")
    before = sagemaker.describe_endpoint(EndpointName=ENDPOINT)["EndpointConfigName"]
    role = sagemaker.describe_model(ModelName=before)["ExecutionRoleArn"]
    config = config_of(Hosting(world.cloud, role), source)
    sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=config)
    try:
        in_service(sagemaker, ENDPOINT, config)
        yield
    finally:
        sagemaker.update_endpoint(EndpointName=ENDPOINT, EndpointConfigName=before)
        in_service(sagemaker, ENDPOINT, before)


def event(**variables: Any) -> dict[str, Any]:
    """A new event."""
    told = {"amount": 10, "country": "CH", **variables}
    return {"event": f"order-{uuid.uuid4().hex[:8]}", "variables": told, "customer": "ann"}


@pytest.mark.parametrize("name", ["orders", "legacy"])
@pytest.mark.parametrize(
    ("variables", "decision"),
    [
        ({}, "approve"),
        ({"amount": 600}, "review"),
        ({"amount": 950, "country": "FR"}, "block"),
        ({"amount": 950, "country": "CH", "new": True}, "review"),
    ],
)
def test_an_event_is_decided(
    world: ServicesWorld, name: str, variables: dict[str, Any], decision: str
):
    """By the same rules: with the hosted model's score, or by a detector."""
    told = world.ask(name, "judge", **event(**variables)).required()
    assert told["decision"] == decision
    assert told["rule"].startswith(decision)
    assert ("score" in told) is (name == "orders")


@pytest.mark.parametrize("name", ["orders", "legacy"])
def test_the_same_event_has_the_same_decision(world: ServicesWorld, name: str):
    """Its id with other variables is refused; what was decided can be asked for."""
    order = event(amount=600)
    first = world.ask(name, "judge", **order).required()
    assert world.ask(name, "judge", **order).required() == first
    assert world.ask(name, "judge", **{**order, "customer": "bob"}).status == 409
    assert world.ask(name, "event", event=order["event"]).required() == first


def test_a_wrong_event_hears_of_all_that_is_wrong(world: ServicesWorld):
    """Missing, unknown and wrong variables at once."""
    wrong = {"amount": "many", "colour": "red"}
    reply = world.ask("orders", "judge", event="order-x", variables=wrong)
    assert reply.status == 400
    assert [fault.partition(" ")[0] for fault in reply.body["error"]["faults"]] == [
        "variables.colour",
        "variables.amount",
        "variables.country",
    ]


def test_chargebacks_come_late_and_count_once(world: ServicesWorld, tmp_path: Path):
    """By route and by file, told thrice, by a function that is killed."""
    orders = [event(amount=20) for _ in range(5)]
    for order in orders:
        world.ask("orders", "judge", **order).required()
    world.ask("orders", "outcome", event=orders[0]["event"], label="fraud").required()
    lines = [f"{order['event']},fraud" for order in orders[:4]]
    lines += ["order-never,fraud", f"{orders[4]['event']},perhaps"]
    path = tmp_path / "march.csv"
    path.write_text("\n".join(["event,label", *lines]))
    with sabotaged(world.stack("orders"), "do_ai_work") as saboteurs:
        for moment in ("before", "call-4", "after"):
            saboteurs["do_ai_work"].ticket(moment, "kill")
        outcome = world.outcome("orders", world.send("orders", path), seconds=120)
    assert outcome["status"] == "done", outcome
    result = outcome["result"]
    assert (result["credited"], result["repeated"], result["unknown"]) == (3, 1, 1)
    assert result["faults"] == ["line 7: label is 'perhaps', must be one of fraud, legit"]
    labels = [
        world.ask("orders", "event", event=order["event"]).required().get("label")
        for order in orders
    ]
    assert labels == ["fraud"] * 4 + [None]
    back = {"event": orders[0]["event"], "label": "legit"}
    assert world.ask("orders", "outcome", **back).required()["repeated"] is False
    assert world.ask("orders", "outcome", **back).required()["repeated"] is True
    assert world.ask("orders", "outcome", event="order-never", label="fraud").status == 404


def test_throttles_of_the_detector_lose_no_decision(world: ServicesWorld):
    """They are repeated."""
    world.cloud.set_faults("frauddetector", Faults(throttled=0.3, seed=2))
    try:
        decided = [world.ask("legacy", "judge", **event(amount=600)) for _ in range(10)]
    finally:
        world.cloud.set_faults("frauddetector", Faults())
    assert [reply.required()["decision"] for reply in decided] == ["review"] * 10


def test_without_the_model_events_are_still_decided(world: ServicesWorld):
    """As the settings say, and the answer says so; with the model back, by its score again."""
    with model_of(world, SCORER.replace("return min(1.0, row[0] / most)", "return 'no number'")):
        told = world.ask("orders", "judge", **event()).required()
        assert (told["decision"], told["without_score"]) == ("review", True)
    told = world.ask("orders", "judge", **event()).required()
    assert (told["decision"], told["score"]) == ("approve", 0.01)
