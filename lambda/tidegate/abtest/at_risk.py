"""Conversions: compares the arms among the requests that could still convert, as survival data.

A conversion may come an hour after the request, and that none came is only known when the outcome
window closes. So each interval of serving stays open that long, and in each delay bucket the
conversions are compared among the requests at risk: those not converted before (the log-rank
test's sets). No request counts as a failure before its time. The state grows with the outcome
window, not with the test.
"""

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidegate.abtest.plan import ABPlan
from tidegate.abtest.strata import (
    Closing,
    Counts,
    Learnt,
    OutcomeKey,
    Stratum,
    add_served,
    outcomes_by_key,
)
from tidegate.errors import InvalidValueError
from tidegate.observation import DELAY_EDGES, Observation, OutcomeCounts, last_delay


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Cohort:
    """What one interval served under one split, and how much of it has converted so far."""

    interval: int
    split_version: int
    requests: Counts
    converted: Counts

    @property
    def at_risk(self) -> Counts:
        """Requests that may still convert."""
        return tuple(n - x for n, x in zip(self.requests, self.converted, strict=True))

    def after(self, events: Counts) -> "Cohort":
        """The cohort after so many more conversions."""
        converted = tuple(x + y for x, y in zip(self.converted, events, strict=True))
        return replace(self, converted=converted)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenCohorts:
    """The cohorts whose outcome window is open, and the last time that was closed."""

    through: int | None = None
    cohorts: tuple[Cohort, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """The cohorts in JSON types, packed; `from_json` reads them back."""
        rows = [[c.interval, c.split_version, *c.requests, *c.converted] for c in self.cohorts]
        packed = zlib.compress(json.dumps(rows).encode(), 9)
        return {"through": self.through, "cohorts": base64.b64encode(packed).decode("ascii")}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "OpenCohorts":
        """The cohorts that `to_json` wrote."""
        rows = json.loads(zlib.decompress(base64.b64decode(data["cohorts"])))
        arms = (len(rows[0]) - 2) // 2 if rows else 0
        through = data["through"]
        return cls(
            through=None if through is None else int(through),
            cohorts=tuple(
                Cohort(
                    interval=row[0],
                    split_version=row[1],
                    requests=tuple(row[2 : 2 + arms]),
                    converted=tuple(row[2 + arms :]),
                )
                for row in rows
            ),
        )


Open = dict[int, dict[int, Cohort]]
"""The open cohorts by interval and split version."""


def conversion_closings(
    plan: ABPlan, state: OpenCohorts, observations: Sequence[Observation]
) -> tuple[OpenCohorts, list[Closing]]:
    """The cohorts after these increments, and what closed, in the order of time.

    Requests of an interval that was closed before count as exposure only.
    """
    outcomes = outcomes_by_key(plan, observations)
    served = [item for item in observations if item.requests > 0]
    times = [*(item.key.interval for item in served), *(key[0] for key in outcomes)]
    if not times:
        return state, []
    start = min(times) - 1 if state.through is None else state.through
    cohorts: Open = {}
    for cohort in state.cohorts:
        cohorts.setdefault(cohort.interval, {})[cohort.split_version] = cohort
    closings = [
        Closing(at=at, requests=[0] * len(plan.arms)) for at in range(start + 1, max(times) + 1)
    ]
    for item in served:
        if item.key.interval > start:
            add_served(plan, closings[item.key.interval - start - 1], item)
    for closing in closings:
        _open(closing, cohorts)
        _close_buckets(plan, closing, cohorts, outcomes)
    for item in served:
        if item.key.interval <= start and closings:
            closings[0].requests[plan.arms.index(item.key.slot)] += item.requests
    still = sorted(cohort for splits in cohorts.values() for cohort in splits.values())
    return OpenCohorts(through=max(start, *times), cohorts=tuple(still)), closings


def _open(closing: Closing, cohorts: Open) -> None:
    """What was served in this interval is at risk from now on."""
    for split_version, drawn in sorted(closing.drawn.items()):
        cohorts.setdefault(closing.at, {})[split_version] = Cohort(
            interval=closing.at,
            split_version=split_version,
            requests=tuple(drawn),
            converted=(0,) * len(drawn),
        )


def _close_buckets(
    plan: ABPlan,
    closing: Closing,
    cohorts: Open,
    outcomes: Mapping[OutcomeKey, Sequence[OutcomeCounts]],
) -> None:
    """A delay bucket closes for each cohort of its age; after the last one it is settled."""
    for bucket, edge in enumerate(DELAY_EDGES):
        if edge > plan.window_intervals:
            break
        interval = closing.at - last_delay(bucket, window_intervals=plan.window_intervals)
        for split_version, cohort in sorted(cohorts.get(interval, {}).items()):
            counts = outcomes.get((closing.at, interval, split_version, bucket), ())
            events = tuple(arm.known - arm.wrong for arm in counts) or (0,) * len(plan.arms)
            trials = cohort.at_risk
            if any(x > n for x, n in zip(events, trials, strict=True)):
                fault = (
                    f"interval {interval}, split {split_version}: {events} conversions of "
                    f"{trials} requests at risk: each request converts once at most"
                )
                raise InvalidValueError([fault])
            closing.compared.append(Stratum.of(plan, trials, events))
            closing.learnt.append(Learnt(bucket=bucket, trials=trials, events=events))
            cohorts[interval][split_version] = cohort.after(events)
    for _, cohort in sorted(cohorts.pop(closing.at - plan.window_intervals, {}).items()):
        closing.settled.append(Stratum.of(plan, cohort.requests, cohort.converted))
