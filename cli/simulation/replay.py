"""A recorded release once more, by any plan: what the judge says of it, look by look.

The traffic stays as it was, with the shares it had; what another plan changes is what is judged and
when that may decide. Every interval is a look, as in a release that is on time.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from cli.simulation.recording import Recording
from cli.simulation.release import End, end_name
from tidegate import latency
from tidegate.closing import window_intervals
from tidegate.closings import closings
from tidegate.intervals import INTERVAL_SECONDS
from tidegate.judge import Comparison, JudgeState, judge
from tidegate.observation import DELAY_EDGES, Observation, ObservationKey, OutcomeCounts, last_delay
from tidegate.plan import ReleasePlan
from tidegate.verdict import Verdict, VerdictKind


@dataclass(frozen=True, slots=True, kw_only=True)
class LookBack:
    """One look: the end of which interval, how long after the first one, and the verdict."""

    interval: int
    minutes: int
    verdict: Verdict


@dataclass(frozen=True, slots=True, kw_only=True)
class Replay:
    """The looks of a recorded release by one plan, up to the one that decided."""

    name: str
    plan: ReleasePlan
    looks: tuple[LookBack, ...]
    end: End

    @property
    def last(self) -> LookBack:
        """The look that decided, or the last one there is."""
        return self.looks[-1]

    def to_json(self) -> dict[str, Any]:
        """The replay in JSON types."""
        return {
            "name": self.name,
            "plan": self.plan.to_json(),
            "end": end_name(self.end, self.plan.strategy),
            "minutes": self.last.minutes,
            "candidate_requests": self.last.verdict.candidate_requests,
            "reason": self.last.verdict.reason,
            "looks": [
                {
                    "interval": look.interval,
                    "minutes": look.minutes,
                    "verdict": look.verdict.to_json(),
                }
                for look in self.looks
            ],
        }


def replay(recording: Recording, plan: ReleasePlan, *, comparison: Comparison, name: str) -> Replay:
    """What the judge says of every interval, until the plan would have decided.

    InvalidValueError where the counts are impossible.
    """
    first = min(item.key.interval for item in recording.observations)
    baked_minutes = sum(step.bake_seconds for step in plan.steps) / 60
    state, looks, end = JudgeState.initial(plan), [], End.HELD
    for interval, increments in closings(
        _summed(recording.observations),
        through=_known_through(recording.observations, plan),
        outcome_window_seconds=plan.outcome_window_seconds,
        kind=plan.outcome_kind,
    ):
        state, verdict = judge(plan, comparison, state, increments)
        minutes = (interval - first + 1) * INTERVAL_SECONDS // 60
        looks.append(LookBack(interval=interval, minutes=minutes, verdict=verdict))
        end = _end(verdict, baked=minutes >= baked_minutes)
        if end is not End.HELD:
            break
    return Replay(name=name, plan=plan, looks=tuple(looks), end=end)


def _end(verdict: Verdict, *, baked: bool) -> End:
    if verdict.kind is VerdictKind.ROLL_BACK:
        return End.ROLLED_BACK
    return End.PROMOTED if baked and verdict.kind is VerdictKind.PROMOTE else End.HELD


def _known_through(observations: Sequence[Observation], plan: ReleasePlan) -> int:
    """The last interval that the recording knows: that no event came later is not in it."""
    window = window_intervals(plan.outcome_window_seconds)
    ends = [last_delay(bucket, window_intervals=window) for bucket in range(len(DELAY_EDGES))]
    return max(
        item.key.interval + max((ends[bucket] for bucket in item.outcomes), default=0)
        for item in observations
    )


def _summed(observations: Iterable[Observation]) -> list[Observation]:
    """One observation a key: increments add up, and a key that was ever settling proves nothing."""
    known: dict[ObservationKey, Observation] = {}
    for item in observations:
        before = known.get(item.key)
        known[item.key] = item if before is None else _sum(before, item)
    return [known[key] for key in sorted(known)]


def _sum(left: Observation, right: Observation) -> Observation:
    outcomes = dict(left.outcomes)
    for bucket, counts in right.outcomes.items():
        outcomes[bucket] = outcomes.get(bucket, OutcomeCounts()) + counts
    return replace(
        left,
        requests=left.requests + right.requests,
        errors=left.errors + right.errors,
        clients_with_errors=left.failed_clients + right.failed_clients,
        latency=latency.add(left.latency, right.latency),
        outcomes=outcomes,
        pairs=left.pairs + right.pairs if left.pairs and right.pairs else left.pairs or right.pairs,
        evidence=left.evidence and right.evidence,
    )


def first_difference(one: Replay, other: Replay) -> LookBack | None:
    """The first look of `one` at which `other` says something else, or is over already."""
    kinds = {look.interval: look.verdict.kind for look in other.looks}
    for look in one.looks:
        if kinds.get(look.interval) is not look.verdict.kind:
            return look
    return None
