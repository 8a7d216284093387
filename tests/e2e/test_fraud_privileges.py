"""Least privilege of decisions about fraud: to keep events, and what became of them."""

import uuid
from collections.abc import Iterator

import pytest

from cli.privileges.rights import Right
from emulator.server import EmbeddedCloud
from tests.e2e.leaving import remove_stacks
from tests.e2e.roles import Prover, StoryFailedError
from tests.e2e.scorers import host_scorer
from tests.e2e.service_rights import DOOR, WORKER, ServiceRole
from tests.e2e.services import ServicesWorld

pytestmark = pytest.mark.accept

ENDPOINT = "wary-test-scores"
FRAUD = """
  orders:
    kind: fraud-detector
    requests_per_minute: 60000
    settings: { rules: orders.rules, variables: &variables { amount: { type: number } } }
  enrolled:
    kind: fraud-detector
    requests_per_minute: 60000
    settings:
      engine: fraud-detector
      enrolled: true
      rules: orders.rules
      variables: *variables
  scored:
    kind: fraud-detector
    requests_per_minute: 60000
    settings:
      endpoint: wary-{stage}-scores
      features: [amount]
      rules: scored.rules
      variables: *variables
"""
RULES = "review when {} > {}\napprove otherwise\n"


@pytest.fixture(scope="module")
def world(
    story_cloud: EmbeddedCloud, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[ServicesWorld]:
    """Rules without a score, rules of a detector, and rules with a hosted model's score."""
    folder = tmp_path_factory.mktemp("fraud-rights")
    (folder / "orders.rules").write_text(RULES.format("amount", 500))
    (folder / "scored.rules").write_text(RULES.format("score", 0.9))
    made = ServicesWorld(cloud=story_cloud, folder=folder, project="wary", services=FRAUD)
    host_scorer(story_cloud, ENDPOINT)
    made.deploy()
    yield made
    remove_stacks(story_cloud, "wary-")
    story_cloud.session().client("sagemaker").delete_endpoint(EndpointName=ENDPOINT)


def judge(_: ServicesWorld, role: ServiceRole) -> None:
    """An event is decided about, known afterwards, and its outcome is taken."""
    event = f"order-{uuid.uuid4().hex[:8]}"
    role.ask("judge", event=event, variables={"amount": 10})
    role.ask("event", method="GET", event=event)
    role.ask("outcome", event=event, label="fraud")


def decide(_: ServicesWorld, role: ServiceRole) -> None:
    """An event is decided about by whoever decides."""
    event = f"order-{uuid.uuid4().hex[:8]}"
    told = role.ask("judge", event=event, variables={"amount": 950})
    if told["decision"] != "review" or told["without_score"]:
        raise StoryFailedError(str(told))


def credit(world: ServicesWorld, role: ServiceRole) -> None:
    """A file of chargebacks is credited to its events."""
    event = f"order-{uuid.uuid4().hex[:8]}"
    world.ask("orders", "judge", event=event, variables={"amount": 10}).required()
    result = role.done(role.put("chargebacks", "a.csv", f"event,label\n{event},fraud\n".encode()))
    if result["credited"] != 1:
        raise StoryFailedError(str(result))


def _of_events(right: Right) -> bool:
    return right.resource == "Events"


def test_each_right_of_a_judging_door_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To keep an event and to know it again."""
    role = ServiceRole(world, "orders", DOOR)
    prover.prove(f"{DOOR}_fraud", role, {"judge": judge}, about=_of_events)


@pytest.mark.parametrize(
    ("service", "story", "action"),
    [
        ("enrolled", "closed_decide", "frauddetector:GetEventPrediction"),
        ("scored", "scored_decide", "sagemaker:InvokeEndpoint"),
    ],
)
def test_each_right_of_whoever_decides_is_needed(
    world: ServicesWorld, prover: Prover, *, service: str, story: str, action: str
) -> None:
    """To ask the detector, its version and event type; or the endpoint that scores."""
    role, proofs = ServiceRole(world, service, DOOR), f"{story.partition('_')[0]}_fraud"
    prover.prove(
        f"{DOOR}_{proofs}", role, {story: decide}, about=lambda right: right.action == action
    )


def test_each_right_of_a_crediting_worker_is_needed(world: ServicesWorld, prover: Prover) -> None:
    """To find an event and to say what became of it."""
    role = ServiceRole(world, "orders", WORKER)
    with role.by_hand():
        prover.prove(f"{WORKER}_fraud", role, {"credit": credit}, about=_of_events)
