"""Looks hold what the kind of the plan's outcomes needs."""

from dataclasses import replace

import pytest

from tests.fakes import FakeClock, FakeLookStore, FakeReleaseStore
from tests.request_fakes import FakeCounters
from tests.samples import PLAN, RELEASE, START, declaration, entry, pointer, record
from tidegate.intervals import interval_of
from tidegate.loop.observe import observe
from tidegate.loop.task import TaskInput
from tidegate.observation import MaturedCounts, ObservationKey, OutcomeCounts, OutcomeKind
from tidegate.plan import Guardrail, Metric
from tidegate.release import Phase
from tidegate.requestlog import Tally


def looked(kind: OutcomeKind) -> list[tuple[dict[int, OutcomeCounts], MaturedCounts]]:
    """Outcomes of each increment after ten requests, an error, and an event a minute later."""
    guardrail = Guardrail(metric=Metric.OUTCOMES, margin=0.05, kind=kind)
    plan = replace(PLAN, guardrails=(guardrail,), outcome_window_seconds=120)
    store, looks, counters = FakeReleaseStore(), FakeLookStore(), FakeCounters()
    store.put_pointer(pointer())
    store.put_declaration(declaration(plan=plan))
    store.open(record(plan=plan, phase=Phase.BAKING), entry())
    key = ObservationKey(
        release_id=RELEASE, interval=interval_of(START), split_version=1, slot="green"
    )
    wrong = 1 if kind is OutcomeKind.COMPLAINTS else 0
    event = OutcomeCounts(known=1, wrong=wrong)
    counters.add("b", [Tally(key=key, requests=10, errors=1, outcomes={1: event})])
    clock = FakeClock(at=START)
    for _ in range(5):
        clock.advance(60)
        task = TaskInput(release_id=RELEASE, epoch=1)
        observe(store=store, looks=looks, counters=counters, clock=clock, task=task)
    return [
        (dict(o.outcomes), o.matured) for look in looks.looks(RELEASE) for o in look.observations
    ]


@pytest.mark.parametrize("kind", [OutcomeKind.CONVERSIONS, OutcomeKind.COMPLAINTS])
def test_looks_of_events_have_who_was_at_risk_and_the_window_when_it_passed(kind: OutcomeKind):
    """Bucket by bucket as time goes, with no look for what is still open."""
    wrong = 1 if kind is OutcomeKind.COMPLAINTS else 0
    assert looked(kind) == [
        ({0: OutcomeCounts(at_risk=9)}, MaturedCounts()),
        ({1: OutcomeCounts(known=1, wrong=wrong, at_risk=9)}, MaturedCounts()),
        ({2: OutcomeCounts(at_risk=8)}, MaturedCounts(answered=9, events=1)),
    ]


def test_looks_of_labels_have_what_is_known():
    """Nobody is at risk of a label, and no window is waited for."""
    assert looked(OutcomeKind.LABELS) == [
        ({}, MaturedCounts()),
        ({1: OutcomeCounts(known=1)}, MaturedCounts()),
    ]
