"""Assignment: which share each arm gets next, fixed by the plan or drawn to what went well.

Thompson sampling gives each arm the chance that it is the best one, as far as is known. Only what
is known counts: an outcome that is still awaited is no failure. The draws come from the seed that
is passed in, so that a decision can be repeated.
"""

import math
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tidegate.abtest.plan import ABPlan, Better, Policy
from tidegate.abtest.strata import Learnt

DRAWS = 400
"""Draws of all rates: a share is then known to two or three percentage points."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Experience:
    """Events and trials by delay bucket and arm, fading where the plan forgets.

    The rate of an arm is put together from its buckets, each with the requests that were at risk in
    it (Kaplan and Meier's estimate): young requests count in the early buckets only.
    """

    trials: Mapping[int, tuple[float, ...]] = field(default_factory=dict)
    events: Mapping[int, tuple[float, ...]] = field(default_factory=dict)

    def plus(self, learnt: Sequence[Learnt], *, kept: float) -> "Experience":
        """The experience after these, of which what was known before counts `kept`."""
        trials = {b: tuple(kept * n for n in arms) for b, arms in self.trials.items()}
        events = {b: tuple(kept * n for n in arms) for b, arms in self.events.items()}
        for item in learnt:
            none = (0.0,) * len(item.trials)
            trials[item.bucket] = _sum(trials.get(item.bucket, none), item.trials)
            events[item.bucket] = _sum(events.get(item.bucket, none), item.events)
        return Experience(trials=dict(sorted(trials.items())), events=dict(sorted(events.items())))

    def rate(self, arm: int) -> float | None:
        """The rate of events of an arm; None without trials."""
        if not any(arms[arm] for arms in self.trials.values()):
            return None
        without = 1.0
        for bucket, arms in self.trials.items():
            if arms[arm] > 0:
                without *= 1 - self.events[bucket][arm] / arms[arm]
        return 1 - without

    def pseudo_counts(self, arm: int) -> tuple[float, float]:
        """Events and non-events that know as much of the arm's rate as the experience does."""
        events = math.fsum(arms[arm] for arms in self.events.values())
        rate = self.rate(arm)
        if rate is None:
            return 0.0, 0.0
        if rate == 0:
            return 0.0, max(arms[arm] for arms in self.trials.values())
        return events, events / rate - events

    def to_json(self) -> dict[str, Any]:
        """The experience in JSON types; `from_json` reads it back."""
        return {
            "trials": {str(b): list(arms) for b, arms in self.trials.items()},
            "events": {str(b): list(arms) for b, arms in self.events.items()},
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Experience":
        """The experience that `to_json` wrote."""
        return cls(
            trials={int(b): tuple(arms) for b, arms in data["trials"].items()},
            events={int(b): tuple(arms) for b, arms in data["events"].items()},
        )


def _sum(some: Sequence[float], more: Sequence[float]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(some, more, strict=True))


def kept(plan: ABPlan, *, requests: int) -> float:
    """What the past counts after so many more requests."""
    if plan.memory_requests is None:
        return 1.0
    return float(0.5 ** (requests / plan.memory_requests))


def next_shares(
    plan: ABPlan, experience: Experience, *, seed: int, out: Sequence[str] = ()
) -> dict[str, int]:
    """Shares in percent for what is served next: they add up to 100. Arms that are out have 0.

    Only Thompson sampling draws new ones where arms are out: under a fixed policy, who takes an arm
    out says who gets its share.
    """
    if plan.policy is Policy.FIXED or not experience.trials:
        return plan.first_shares
    left = [place for place, arm in enumerate(plan.arms) if arm not in out]
    best = chances_to_be_best(plan, experience, seed=seed, among=left)
    shares = _percent([plan.arms[place] for place in left], _floored(best, floor=plan.floor))
    return {arm: shares.get(arm, 0) for arm in plan.arms}


def chances_to_be_best(
    plan: ABPlan, experience: Experience, *, seed: int, among: Sequence[int] | None = None
) -> list[float]:
    """The chance that each arm has the best rate, by draws of all rates; of these places only."""
    rng = random.Random(seed)  # noqa: S311 - a policy has to be repeatable, not secret
    places = range(len(plan.arms)) if among is None else among
    counts = [experience.pseudo_counts(arm) for arm in places]
    pick = max if plan.better is Better.LARGER else min
    wins = [0] * len(counts)
    for _ in range(DRAWS):
        rates = [rng.betavariate(1 + events, 1 + others) for events, others in counts]
        wins[rates.index(pick(rates))] += 1
    return [won / DRAWS for won in wins]


def _floored(shares: Sequence[float], *, floor: float) -> list[float]:
    """Shares of at least the floor each; the others give in proportion."""
    low: set[int] = set()
    while True:
        rest = math.fsum(share for i, share in enumerate(shares) if i not in low)
        free = 1 - floor * len(low)
        found = {
            i
            for i, share in enumerate(shares)
            if i not in low and (rest <= 0 or share / rest * free < floor)
        }
        if not found:
            break
        low |= found
    return [floor if i in low else share / rest * free for i, share in enumerate(shares)]


def _percent(arms: Sequence[str], shares: Sequence[float]) -> dict[str, int]:
    """Whole percents nearest to the shares: the largest remainders are rounded up."""
    whole = [math.floor(100 * share + 1e-9) for share in shares]
    by_rest = sorted(range(len(arms)), key=lambda i: whole[i] - 100 * shares[i])
    for i in by_rest[: 100 - sum(whole)]:
        whole[i] += 1
    return dict(zip(arms, whole, strict=True))
