"""The one view of a release: computed once, shown by terminal, report, console and dashboard.

Pure: from stored record, looks, counters and log to plain values and JSON. It decides nothing.
"""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge.pairs import latencies_of_pairs
from tidegate.judge.quantiles import Quantile, latency_quantiles
from tidegate.judge.strata import Comparison, serving_strata
from tidegate.latency import quantile_milliseconds
from tidegate.observation import Observation, PairCounts, Unit, limits_of
from tidegate.ports import Look
from tidegate.release import LogEntry, Phase, ReleaseRecord, SlotVersion
from tidegate.shadow.join import worst_slices
from tidegate.strategies import Mechanism
from tidegate.totals import Totals, totals_by_slot
from tidegate.verdict import Claim, Evidence, Verdict
from tidegate.view_arms import ABView, ab_view, progress_of

_DECISIONS = {
    Phase.PROMOTING: "promote",
    Phase.PROMOTED: "promote",
    Phase.RESTORING: "roll back",
    Phase.ROLLED_BACK: "roll back",
    Phase.KEEPING: "keep",
    Phase.KEPT: "keep",
    Phase.ABORTING: "abort",
    Phase.ABORTED: "abort",
    Phase.PASSED: "pass",
    Phase.FAILED: "fail",
}
"""What the log calls the decision that led to a phase (tidegate/decide.py)."""


SLICES_SHOWN = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotView:
    """What one slot is and did: counts since the release began, latency in milliseconds."""

    role: str
    slot: str
    version: str
    label: str
    share_percent: int
    requests: int
    errors: int
    outcomes_known: int
    outcomes_wrong: int
    latency_p50: float | None
    latency_p95: float | None

    @property
    def bad_answers(self) -> int:
        """Requests that failed, and answers that were later known to be wrong."""
        return self.errors + self.outcomes_wrong


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """The evidence after one look: claim name to logarithm of the e-value, and its limit."""

    at: float
    candidate_requests: int
    candidate_share: int
    verdict: str
    evidence: dict[str, float]
    limits: dict[str, float]
    live_rates: dict[str, float | None]
    candidate_rates: dict[str, float | None]
    bounds: dict[str, tuple[float, float]] = field(default_factory=dict)
    """Metric to the bounds of candidate - live that hold at every look, as safety measures it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SliceView:
    """Pairs of requests with one value of the plan's slice, and how many differed or failed."""

    name: str
    pairs: int
    bad: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseView:
    """One release as people see it. Moments are seconds since the epoch on the cloud's clock."""

    release_id: str
    model: str
    strategy: str
    mechanism: str
    split: str
    phase: str
    epoch: int
    step: int
    steps: tuple[int, ...]
    bake_seconds: tuple[int, ...]
    step_started_at: float | None
    live: SlotView
    candidate: SlotView
    started_by: str
    started_at: float
    decided_at: float | None
    restored_at: float | None
    finished_at: float | None
    verdict: str
    reason: str
    evidence: tuple[Evidence, ...]
    latency: tuple[Quantile, ...]
    """Quantiles of both slots compared at the same times; empty while there is nothing to compare.

    What a slot did by itself, at whatever time, is in its `SlotView`."""
    requests_needed: int | None
    margins: dict[str, float]
    """Metric to the harm, a difference of rates, above which nothing is promoted."""
    alpha: float
    beta: float
    outcome_kind: str
    unit: str
    limits: str
    """What the guarantee does not cover, in one sentence."""
    paused: str | None
    halted: str | None
    unattributed_requests: int
    echoes_version: bool
    """Whether answers name their version, in a release whose traffic SageMaker moves."""
    judged_requests: int
    """The candidate's requests that the last verdict is about."""
    pairs: PairCounts | None
    """Of a shadow: all pairs so far; latencies and distances with them, slices without."""
    slices: tuple[SliceView, ...]
    """Of a shadow whose plan names slices: those that did worst, the worst first."""
    points: tuple[Point, ...]
    log: tuple[LogEntry, ...]
    ab_test: ABView | None = None
    """Of an A/B test: all its arms; `candidate` is the one that leads or has won."""

    @property
    def slots(self) -> tuple[SlotView, ...]:
        """All that have a part in it: of an A/B test each arm, the live version first."""
        if self.ab_test is None:
            return (self.live, self.candidate)
        return tuple(arm.served for arm in self.ab_test.arms)

    @property
    def over(self) -> bool:
        """Whether the release has ended."""
        return Phase(self.phase).terminal

    @property
    def mixed(self) -> bool:
        """Whether both versions answer under one name, so that the live slot's counts are of both.

        So it is where SageMaker moves the traffic, unless the container names its version.
        """
        return self.mechanism == Mechanism.GUARDRAIL and not self.echoes_version

    @property
    def exposure(self) -> int:
        """Requests that the candidate served, as far as anything tells."""
        return self.judged_requests if self.mixed else self.candidate.requests

    @property
    def seconds(self) -> float | None:
        """From opening to settling; None while the release is open."""
        return None if self.finished_at is None else self.finished_at - self.started_at

    @property
    def time_to_restore_seconds(self) -> float | None:
        """From the verdict to the read-back that shows all traffic on the live version again."""
        if self.restored_at is None or self.decided_at is None:
            return None
        return max(0.0, self.restored_at - self.decided_at)

    def to_json(self) -> dict[str, Any]:
        """The view in JSON types, with the derived figures."""
        data = asdict(self)
        data["live"]["bad_answers"] = self.live.bad_answers
        data["candidate"]["bad_answers"] = self.candidate.bad_answers
        if self.ab_test is not None:
            for told, arm in zip(data["ab_test"]["arms"], self.ab_test.arms, strict=True):
                told["served"]["bad_answers"] = arm.served.bad_answers
        data["seconds"] = self.seconds
        data["time_to_restore_seconds"] = self.time_to_restore_seconds
        return data


def view_of(
    record: ReleaseRecord,
    *,
    looks: Sequence[Look],
    counters: Sequence[Observation],
    log: Sequence[LogEntry],
) -> ReleaseView:
    """The view of a release from everything that is stored about it."""
    totals = totals_by_slot(counters)
    slots = {held.slot.value for held in record.slots}
    served = [_slot_view(record, held, totals) for held in record.slots]
    verdict = record.verdict
    unit = counters[0].unit if counters else Unit.REQUEST
    return ReleaseView(
        release_id=record.release_id,
        model=record.model,
        strategy=record.plan.strategy.value,
        mechanism=record.plan.mechanism.value,
        split=record.plan.split.value,
        phase=record.phase.value,
        epoch=record.epoch,
        step=record.step,
        steps=tuple(step.share_percent for step in record.plan.steps),
        bake_seconds=tuple(step.bake_seconds for step in record.plan.steps),
        step_started_at=record.step_started_at,
        live=served[0],
        candidate=served[1],
        started_by=record.started_by,
        started_at=record.started_at,
        decided_at=record.decided_at,
        restored_at=record.restored_at,
        finished_at=record.finished_at,
        verdict="continue" if verdict is None else verdict.kind.value,
        reason=reason_of(record, log),
        evidence=() if verdict is None else verdict.evidence,
        latency=_latency(record, counters),
        requests_needed=None if verdict is None else verdict.requests_needed,
        margins={g.metric.value: g.margin for g in record.plan.guardrails},
        alpha=record.plan.alpha,
        beta=record.plan.beta,
        outcome_kind=record.plan.outcome_kind.value,
        unit=unit.value,
        limits=limits_of(unit),
        paused=None if record.paused is None else record.paused.why,
        halted=None if record.halted is None else record.halted.why,
        unattributed_requests=sum(t.requests for s, t in totals.items() if s not in slots),
        echoes_version=record.plan.echoes_version,
        judged_requests=0 if verdict is None else verdict.candidate_requests,
        pairs=_pairs(record, counters),
        slices=_slices(record, counters),
        points=_points(record, looks, log),
        log=tuple(log),
        ab_test=ab_view(record, served),
    )


def reason_of(record: ReleaseRecord, log: Sequence[LogEntry] = ()) -> str:
    """Why the release stands where it stands, in one sentence.

    Once it was decided, that is what the log says of the decision: an operator's order and a fault
    of the endpoint decide too, and then the last verdict is not the reason.
    """
    if record.halted is not None:
        return f"halted: {record.halted.why}"
    decision = _decision(record, log)
    if decision is not None:
        return decision
    if record.verdict is None:
        return "no interval was judged yet"
    return record.verdict.reason


def _decision(record: ReleaseRecord, log: Sequence[LogEntry]) -> str | None:
    what = _DECISIONS.get(record.phase)
    if record.is_shadow and what is not None:
        what = {"promote": "pass", "roll back": "fail"}.get(what, what)
    entries = [entry for entry in log if entry.what == what]
    if not entries:
        return None
    last = entries[-1]
    return f"aborted by {last.who}: {last.why}" if what == "abort" else last.why


def _all_pairs(counters: Sequence[Observation]) -> PairCounts:
    total = PairCounts()
    for counter in counters:
        if counter.pairs is not None:
            total += counter.pairs
    return total


def _pairs(record: ReleaseRecord, counters: Sequence[Observation]) -> PairCounts | None:
    return replace(_all_pairs(counters), slices={}) if record.is_shadow else None


def _slices(record: ReleaseRecord, counters: Sequence[Observation]) -> tuple[SliceView, ...]:
    found = worst_slices(_all_pairs(counters).slices, most=SLICES_SHOWN) if record.is_shadow else []
    return tuple(SliceView(name=name, pairs=one.pairs, bad=one.bad) for name, one in found)


def _slot_view(record: ReleaseRecord, held: SlotVersion, totals: dict[str, Totals]) -> SlotView:
    total = totals.get(held.slot.value, Totals())
    return SlotView(
        role=_role(record, held),
        slot=held.slot.value,
        version=held.version.digest,
        label=held.version.label,
        share_percent=record.target_shares[held.slot.value],
        requests=total.requests,
        errors=total.errors,
        outcomes_known=total.outcomes.known,
        outcomes_wrong=total.outcomes.wrong,
        latency_p50=quantile_milliseconds(total.latency, 0.5),
        latency_p95=quantile_milliseconds(total.latency, 0.95),
    )


def _role(record: ReleaseRecord, held: SlotVersion) -> str:
    if held is record.live:
        return "live"
    return "candidate" if held is record.candidate else "challenger"


def _latency(record: ReleaseRecord, counters: Sequence[Observation]) -> tuple[Quantile, ...]:
    """Of intervals that are closed: a stratum may not be looked at while it grows."""
    newest = max((counter.key.interval for counter in counters), default=0)
    open_intervals = 1 + math.ceil(record.plan.lag_seconds / INTERVAL_SECONDS)
    through = newest if record.phase.terminal else newest - open_intervals
    comparison = Comparison(live=record.live.slot.value, candidate=record.candidate.slot.value)
    closed = [counter for counter in counters if counter.key.interval <= through]
    strata = latencies_of_pairs if record.is_shadow else serving_strata
    return latency_quantiles(strata(closed, comparison))


def _points(
    record: ReleaseRecord, looks: Sequence[Look], log: Sequence[LogEntry]
) -> tuple[Point, ...]:
    slot = record.candidate.slot.value
    return tuple(
        _point(look, Verdict.from_json(look.verdict), share=_share_at(log, slot, look.at))
        for look in looks
        if look.verdict is not None
    )


def _share_at(log: Sequence[LogEntry], slot: str, at: float) -> int:
    """The candidate's share in percent that the log shows for a moment."""
    shares = [entry.after.get(slot, 0) for entry in log if entry.at <= at]
    return shares[-1] if shares else 0


def _point(look: Look, verdict: Verdict, *, share: int) -> Point:
    if verdict.ab_test is not None:
        reached = progress_of(verdict.ab_test)
        return Point(
            at=look.at,
            candidate_requests=verdict.candidate_requests,
            candidate_share=share,
            verdict=verdict.kind.value,
            evidence=reached,
            limits=dict.fromkeys(reached, 1.0),
            live_rates={},
            candidate_rates={},
        )
    named = {f"{item.metric} {item.claim.value}": item for item in verdict.evidence}
    return Point(
        at=look.at,
        candidate_requests=verdict.candidate_requests,
        candidate_share=share,
        verdict=verdict.kind.value,
        evidence={name: item.log_evidence for name, item in named.items()},
        limits={name: item.log_limit for name, item in named.items()},
        live_rates={item.metric: item.live_rate for item in verdict.evidence},
        candidate_rates={item.metric: item.candidate_rate for item in verdict.evidence},
        bounds={
            item.metric: (item.lower, item.upper)
            for item in verdict.evidence
            if item.claim is Claim.SAFE and item.lower is not None and item.upper is not None
        },
    )
