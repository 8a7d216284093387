"""Cuts outcomes into tables: one stream in which harm is looked for, one for the claim of safety.

What closes in the same interval and was served under the same split makes one table, however late
it is known: the slots of such requests were drawn by the same chance. With a table for each delay,
most trials of a quiet model would be alone in theirs and tell nothing. Of labels both claims read
the same tables.

Outcomes that are events only are survival data. Harm is looked for as by the log-rank test (Mantel
1966): in each delay bucket among the requests at risk, those whose event had not come before, so
that nothing waits for the window and no request counts as a non-event before its time. If the slots
do not differ, the events of a bucket fall among the requests at risk like a sample without
replacement, whatever the delays, the drift and the split. The claim of safety is about the rate
within the whole outcome window, so it gets one table an interval of serving, when that has passed.

Of conversions the harm is that there are fewer. The events of their tables are the requests that
did not convert: the same sample without replacement, seen from its complement. This module counts;
it draws no conclusion.
"""

from collections.abc import Iterable, Mapping, Sequence

from tidegate.errors import InvalidValueError
from tidegate.judge.strata import Comparison, Table
from tidegate.observation import (
    MaturedCounts,
    Observation,
    OutcomeCounts,
    OutcomeKind,
    last_delay,
)

OutcomeTables = tuple[tuple[Table, ...], tuple[Table, ...]]
"""Tables of harm and of safety, in the order in which they became final.

The first are evidence of harm at once. The second are what the claim "less harm than the margin" is
true or false of: of events, the whole outcome window. For labels both are the same.
"""


def outcome_tables(
    observations: Sequence[Observation],
    comparison: Comparison,
    *,
    kind: OutcomeKind,
    window_intervals: int,
) -> OutcomeTables:
    """The tables of these increments, whatever order they come in.

    InvalidValueError names every delay bucket that has more events than requests at risk, as
    increments have that were not closed with this kind.
    """
    evidence = [item for item in observations if item.evidence]
    faults = [fault for item in evidence for fault in _risk_faults(item, kind)]
    if faults:
        raise InvalidValueError(faults)
    harm = _by_bucket(evidence, comparison, kind, window_intervals)
    safety = _by_window(evidence, comparison, kind) if kind.has_events_only else harm
    return harm, safety


def _risk_faults(item: Observation, kind: OutcomeKind) -> list[str]:
    if not kind.has_events_only:
        return []
    where = f"slot {item.key.slot}, interval {item.key.interval}, split {item.key.split_version}"
    return [
        f"{where}: delay bucket {bucket} has {counts.events(kind)} events of {counts.at_risk} "
        f"requests at risk: increments must be closed with kind {kind}"
        for bucket, counts in item.outcomes.items()
        if counts.events(kind) > counts.at_risk
    ]


def _by_bucket(
    evidence: Iterable[Observation],
    comparison: Comparison,
    kind: OutcomeKind,
    window_intervals: int,
) -> tuple[Table, ...]:
    """A table an interval and split of what closed in it, in the order of time."""
    sums: dict[tuple[int, int], dict[str, OutcomeCounts]] = {}
    for item in evidence:
        for bucket, counts in item.outcomes.items():
            closed = item.key.interval + last_delay(bucket, window_intervals=window_intervals)
            at = (closed, item.key.split_version)
            slots = sums.setdefault(at, {})
            slots[item.key.slot] = slots.get(item.key.slot, OutcomeCounts()) + counts
    return tuple(
        _table({slot: _harmed(counts, kind) for slot, counts in sums[at].items()}, comparison)
        for at in sorted(sums)
    )


def _by_window(
    evidence: Iterable[Observation], comparison: Comparison, kind: OutcomeKind
) -> tuple[Table, ...]:
    """A table an interval of serving whose outcome window has passed, in the order of time."""
    sums: dict[tuple[int, int], dict[str, MaturedCounts]] = {}
    for item in evidence:
        if item.matured.answered > 0:
            slots = sums.setdefault((item.key.interval, item.key.split_version), {})
            slots[item.key.slot] = slots.get(item.key.slot, MaturedCounts()) + item.matured
    return tuple(
        _table(
            {
                slot: _harmful(counts.answered, counts.events, kind)
                for slot, counts in sums[at].items()
            },
            comparison,
        )
        for at in sorted(sums)
    )


def _harmed(counts: OutcomeCounts, kind: OutcomeKind) -> tuple[int, int]:
    trials = counts.at_risk if kind.has_events_only else counts.known
    return _harmful(trials, counts.events(kind), kind)


def _harmful(trials: int, events: int, kind: OutcomeKind) -> tuple[int, int]:
    """Trials, and which of them were harm: the events, or that a conversion did not come."""
    return trials, trials - events if kind is OutcomeKind.CONVERSIONS else events


def _table(slots: Mapping[str, tuple[int, int]], comparison: Comparison) -> Table:
    candidate = slots.get(comparison.candidate, (0, 0))
    live = slots.get(comparison.live, (0, 0))
    return Table(
        candidate_trials=candidate[0],
        candidate_events=candidate[1],
        live_trials=live[0],
        live_events=live[1],
    )
