"""Arms of a service at its door: users keep theirs, each answer is signed and counted once."""

from dataclasses import replace

import pytest

from tests import samples
from tests.ai_fakes import FakeTime
from tests.fakes import FakeKeys, FakeReleaseStore
from tests.request_fakes import FakeCounters, FakeFirsts, FakeLedger
from tidegate.ai.arms import Arms, documents_in
from tidegate.ai.problems import ProblemError
from tidegate.fleet import Fleet, Hosting, fleet_faults, legal_for
from tidegate.managed import is_managed, managed_name
from tidegate.observation import OutcomeKind
from tidegate.plan import Guardrail, Metric
from tidegate.prediction_id import verify
from tidegate.routing import Router
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.strategies import Mechanism, Split, Strategy

SPLIT = SplitDocument(
    model="callers",
    endpoint_name=managed_name("helpers-test-callers"),
    version=3,
    release_id="callers-1",
    shares={"blue": 50, "green": 50},
    digests={"blue": "b" * 16, "green": "g" * 16},
    control="blue",
    drawn_by=Split.ROUTER,
)


class Splits:
    """The split of one model, or none."""

    def __init__(self, split: SplitDocument | None) -> None:
        self.known = split

    def split(self, _model: str) -> SplitDocument | None:
        """The document."""
        return self.known


def arms(
    split: SplitDocument | None = SPLIT, *, kind: OutcomeKind = OutcomeKind.LABELS
) -> tuple[Arms, FakeCounters]:
    """Arms over fakes; `kind` is of the outcomes that the plan takes."""
    counters, nonces = FakeCounters(), iter(f"{n:032x}" for n in range(10_000))
    store = FakeReleaseStore()
    guardrail = Guardrail(metric=Metric.OUTCOMES, margin=0.1, kind=kind)
    plan = replace(samples.PLAN, guardrails=(*samples.PLAN.guardrails, guardrail))
    store.put_declaration(samples.declaration(model="callers", plan=plan))
    router = Router(
        splits=Splits(split),
        invoker=None,  # type: ignore[arg-type] # a door places, and asks no endpoint
        keys=FakeKeys(),
        clock=FakeTime(),
        nonce=lambda: next(nonces),
    )
    made = Arms(
        service="callers",
        slots=("blue", "green"),
        router=router,
        counters=counters,
        firsts=FakeFirsts(),
        declarations=store,
        ledger=FakeLedger(),
        now=FakeTime().now,
    )
    return made, counters


def test_a_user_keeps_the_arm() -> None:
    """And users are spread over both."""
    made, _ = arms()
    slots = {u: made.draw({"x-tidegate-user": u}).slot for u in map(str, range(100))}
    again = {u: made.draw({"x-tidegate-user": u}).slot for u in slots}
    assert again == slots
    assert 30 <= list(slots.values()).count("green") <= 70


def test_nobody_is_a_user_of_its_own() -> None:
    """Requests without a name are spread too."""
    made, _ = arms()
    slots = [made.draw({}).slot for _ in range(100)]
    assert 30 <= slots.count("green") <= 70


def test_an_answer_is_signed_and_counted_for_its_arm() -> None:
    """Failures as errors of it."""
    made, counters = arms()
    arm = made.draw({"x-tidegate-user": "ada"})
    told = made.count(arm, status=503, milliseconds=12.0)
    signed = verify(told["x-tidegate-prediction-id"], FakeKeys().read())
    assert (signed.model, signed.slot, signed.split_version) == ("callers", arm.slot, 3)
    assert told["x-tidegate-version"] == arm.slot[0] * 16
    (seen,) = counters.read("callers-1")
    assert (seen.key.slot, seen.requests, seen.errors) == (arm.slot, 1, 1)


def test_who_is_not_named_is_whom_the_request_is_for() -> None:
    """A header says more than a field of the request."""
    made, _ = arms()
    slots = {s: made.draw({}, otherwise=s).slot for s in map(str, range(50))}
    assert slots == {s: made.draw({"x-tidegate-user": s}).slot for s in slots}
    named = {made.draw({"x-tidegate-user": "ada"}, otherwise=s).slot for s in slots}
    assert named == {made.draw({"x-tidegate-user": "ada"}).slot}


def test_an_end_that_the_door_knows_is_an_outcome_once() -> None:
    """Credited for the arm that answered."""
    made, counters = arms()
    for user, helped in (("ada", True), ("ben", False)):
        arm = made.draw({"x-tidegate-user": user})
        named = made.count(arm, status=200, milliseconds=1.0)
        made.conclude(arm, named, helped=helped)
        made.conclude(arm, named, helped=helped)
    counts = [one for seen in counters.read("callers-1") for one in seen.outcomes.values()]
    assert (sum(one.known for one in counts), sum(one.wrong for one in counts)) == (2, 1)


def test_an_end_that_is_no_event_of_the_plan_is_no_outcome() -> None:
    """Where complaints are told, a good end is told by nothing."""
    made, counters = arms(kind=OutcomeKind.COMPLAINTS)
    for user, helped in (("ada", True), ("ben", False)):
        arm = made.draw({"x-tidegate-user": user})
        made.conclude(arm, made.count(arm, status=200, milliseconds=1.0), helped=helped)
    counts = [one for seen in counters.read("callers-1") for one in seen.outcomes.values()]
    assert sum(one.known for one in counts) == 1


def test_the_live_arm_is_on_no_trial() -> None:
    """The others are, and none is before the first deploy was verified."""
    made, _ = arms()
    drawn = [made.draw({"x-tidegate-user": str(n)}) for n in range(50)]
    assert {(arm.slot, arm.on_trial) for arm in drawn} == {("blue", False), ("green", True)}
    assert not arms(None)[0].draw({}).on_trial


def test_without_a_release_the_live_arm_has_everything() -> None:
    """As the split says."""
    steady = replace(
        SPLIT, release_id=NO_RELEASE, shares={"blue": 0, "green": 100}, control="green"
    )
    made, _ = arms(steady)
    assert {made.draw({"x-tidegate-user": str(n)}).slot for n in range(50)} == {"green"}


def test_before_the_first_deploy_was_verified_nothing_is_counted() -> None:
    """The first arm answers."""
    made, counters = arms(None)
    arm = made.draw({"x-tidegate-user": "ada"})
    assert (arm.slot, arm.placed) == ("blue", None)
    assert made.count(arm, status=200, milliseconds=1.0) == {}
    assert counters.read("callers-1") == ()


def test_a_slot_whose_settings_are_not_here_is_never_drawn() -> None:
    """While a deploy is under way the control's are given."""
    made, _ = arms(replace(SPLIT, shares={"blue": 0, "a": 100}, digests={"a": "a" * 16}))
    assert made.draw({"x-tidegate-user": "ada"}).slot == "blue"


def test_a_forged_slot_token_is_refused() -> None:
    """Testers need a signed one."""
    made, _ = arms()
    with pytest.raises(ProblemError) as caught:
        made.draw({"x-tidegate-slot": "green"})
    assert caught.value.status == 403


def test_documents_are_told_by_slot() -> None:
    """In the order of slots."""
    told = '{"green": {"bucket": "b", "key": "2"}, "blue": {"bucket": "b", "key": "1"}}'
    assert list(documents_in(told).items()) == [("blue", ("b", "1")), ("green", ("b", "2"))]


def test_what_a_managed_service_can_be_released_by() -> None:
    """Steps and arms whose shares the door draws, and nothing that moves an endpoint."""
    fleet = Fleet(instance_type="", instances=0, start_seconds=0, hosting=Hosting.MANAGED)
    assert set(legal_for(fleet)) == {
        (Strategy.CANARY, Mechanism.WEIGHTS),
        (Strategy.LINEAR, Mechanism.WEIGHTS),
        (Strategy.AB_TEST, Mechanism.WEIGHTS),
    }
    (fault,) = fleet_faults(Strategy.SHADOW, Mechanism.SHADOW, fleet)
    assert "a managed service has no endpoint" in fault


def test_names_of_services_are_no_names_of_endpoints() -> None:
    """The release loop tells them apart by that."""
    assert is_managed(managed_name("a-b-c"))
    assert not is_managed("a-b-c")
