"""Outcomes are credited once, within their window, to predictions that were made."""

from dataclasses import replace

import pytest

from tests import samples
from tests.fakes import FakeClock, FakeKeys, FakeReleaseStore
from tests.request_fakes import FakeLedger, FakeRefused
from tests.samples import MODEL, RELEASE, START
from tidegate.errors import OutcomeRefusedError
from tidegate.observation import OutcomeKind, Unit
from tidegate.outcomes import OutcomePorts, credit
from tidegate.plan import Guardrail, Metric
from tidegate.prediction_id import PredictionId, sign
from tidegate.signing import SigningKeys

SERVED = PredictionId(
    model=MODEL,
    release_id=RELEASE,
    slot="green",
    version="v",
    split_version=3,
    served_at=START,
    nonce="n",
)
WINDOW = samples.PLAN.outcome_window_seconds


class House:
    """All that crediting needs."""

    def __init__(self) -> None:
        self.clock, self.ledger = FakeClock(), FakeLedger()
        self.refused, self.store = FakeRefused(), FakeReleaseStore()
        self.store.put_declaration(samples.declaration())
        self.ports = OutcomePorts(
            store=self.store,
            keys=FakeKeys(),
            ledger=self.ledger,
            refused=self.refused,
            clock=self.clock,
        )

    def refusal(self, prediction_id: str) -> str:
        """The reason for which an outcome is refused."""
        with pytest.raises(OutcomeRefusedError) as refusal:
            credit(self.ports, prediction_id, wrong=True)
        return refusal.value.reason


@pytest.fixture
def house() -> House:
    """A deployed model."""
    return House()


def an_id(prediction: PredictionId = SERVED) -> str:
    """A signed id."""
    return sign(prediction, FakeKeys().read())


def test_a_credited_outcome_is_a_line_of_its_prediction(house: House):
    """Where it was served, and when it became known."""
    house.clock.advance(300)
    line = credit(house.ports, an_id(), wrong=True)
    assert (line.release_id, line.slot, line.split_version) == (RELEASE, "green", 3)
    assert (line.served_at, line.known_at, line.wrong) == (START, START + 300, True)


def test_an_outcome_of_a_drawn_user_names_him(house: House):
    """His id says who he is, so that he counts once."""
    line = credit(house.ports, an_id(replace(SERVED, unit=Unit.USER, client="c1")), wrong=True)
    assert (line.unit, line.client) == (Unit.USER, "c1")
    other = credit(house.ports, an_id(replace(SERVED, nonce="another")), wrong=True)
    assert (other.unit, other.client) == (Unit.REQUEST, "")


def test_an_outcome_is_credited_once(house: House):
    """The second is refused, counted, and changes nothing."""
    credit(house.ports, an_id(), wrong=True)
    assert house.refusal(an_id()) == "duplicate"
    assert house.refused.counts == {(MODEL, "duplicate"): 1}


def test_the_ledger_remembers_longer_than_the_window(house: House):
    """Or a late repetition would be credited."""
    credit(house.ports, an_id(), wrong=True)
    assert min(one.expires_at for one in house.ledger.credited.values()) > START + WINDOW


def test_the_window_s_last_moment_is_within_it(house: House):
    """One second more is late."""
    house.clock.advance(WINDOW)
    credit(house.ports, an_id(), wrong=False)
    house.clock.advance(1)
    assert house.refusal(an_id(replace(SERVED, nonce="other"))) == "late"
    assert house.refused.counts == {(MODEL, "late"): 1}


def test_a_forged_outcome_is_counted_for_no_model(house: House):
    """Signed with a key that is none of ours."""
    forged = sign(SERVED, SigningKeys(current="k1", keys={"k1": b"another key"}))
    assert house.refusal(forged) == "forged"
    assert house.refused.counts == {("-", "forged"): 1}
    assert house.ledger.credited == {}


@pytest.mark.parametrize(
    ("kind", "told"),
    [
        (OutcomeKind.CONVERSIONS, "only a conversion is recorded (wrong: false)"),
        (OutcomeKind.COMPLAINTS, "only a complaint is recorded (wrong: true)"),
    ],
)
def test_an_event_kind_takes_events_only(house: House, kind: OutcomeKind, told: str):
    """A non-event is refused and counted with its kind named, and the event may still come."""
    event = kind is OutcomeKind.COMPLAINTS
    outcomes = Guardrail(metric=Metric.OUTCOMES, margin=0.05, kind=kind)
    plan = replace(samples.PLAN, guardrails=(outcomes,))
    house.store.put_declaration(samples.declaration(plan=plan))
    with pytest.raises(OutcomeRefusedError) as refusal:
        credit(house.ports, an_id(), wrong=not event)
    assert refusal.value.reason == "no-event"
    assert f"of kind {kind.value}" in str(refusal.value)
    assert told in str(refusal.value)
    assert house.refused.counts == {(MODEL, "no-event"): 1}
    assert credit(house.ports, an_id(), wrong=event).wrong is event


def test_an_outcome_of_a_model_that_is_gone_is_an_orphan(house: House):
    """Its prediction was real, its plan is not known any more."""
    house.store.forget(MODEL)
    assert house.refusal(an_id()) == "orphan"
