"""Whether a plan can see the harm it names, at a given traffic, within its time; what would do.

Advice is estimated (`estimate`), told in sentences, and never stops anybody.
"""

import math
from dataclasses import dataclass, replace
from typing import Any

from cli.simulation.behaviour import Traffic
from cli.simulation.estimate import LONGEST_MINUTES, Need, budget_minutes, needs_of
from cli.simulation.harms import Harm, Rung, sought
from tidegate.plan import Metric, ReleasePlan
from tidegate.strategies import Strategy

HIGHEST_SHARE = 50
"""No larger share is advised: beyond it there is ever less live traffic to compare with."""

EQUAL_STEPS = frozenset({Strategy.LINEAR, Strategy.ROLLING})
"""Strategies of which one step cannot be changed alone."""

_SHARE_STEP = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Remedy:
    """A last step that would do: its share in percent, its bake, and the plan's hold after it.

    Strategies with equal steps have no last step of their own: there the hold is what grows.
    """

    share_percent: int
    bake_seconds: int
    hold_seconds: int

    def to_json(self) -> dict[str, Any]:
        """The remedy in JSON types."""
        return {
            "share_percent": self.share_percent,
            "bake_seconds": self.bake_seconds,
            "hold_seconds": self.hold_seconds,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Advice:
    """What a plan needs at a traffic, and what would do where it has not the time."""

    plan: ReleasePlan
    traffic: Traffic
    needs: tuple[Need, ...]
    remedies: tuple[Remedy, ...]

    @property
    def budget_minutes(self) -> float:
        """How long the plan watches before it waits for an operator."""
        return budget_minutes(self.plan)

    @property
    def short(self) -> tuple[Need, ...]:
        """The guardrails for which the plan has not the time."""
        return tuple(need for need in self.needs if not _within(need, self.plan))

    def warnings(self) -> tuple[str, ...]:
        """Sentences: what cannot be, what there is not the time for, and what would do.

        Empty when the plan is long enough.
        """
        short = self.short
        impossible = [words for need in short if (words := _impossible(self, need)) is not None]
        late = [_late(self, need) for need in short if _impossible(self, need) is None]
        if late:
            impossible.append(_too_short(self, late))
        return tuple(impossible)

    def to_json(self) -> dict[str, Any]:
        """The advice in JSON types."""
        return {
            "requests_per_minute": self.traffic.requests_per_minute,
            "budget_minutes": self.budget_minutes,
            "needs": [
                {
                    "metric": need.guardrail.metric.value,
                    "margin": need.guardrail.margin,
                    "harm_seen_minutes": need.seen_minutes,
                    "safety_shown_minutes": need.shown_minutes,
                    "within_budget": _within(need, self.plan),
                }
                for need in self.needs
            ],
            "remedies": [remedy.to_json() for remedy in self.remedies],
            "warnings": list(self.warnings()),
        }


def advise(plan: ReleasePlan, traffic: Traffic) -> Advice:
    """What the plan needs, and every simple change of its last step that would do."""
    needs = needs_of(plan, traffic)
    if all(_within(need, plan) for need in needs):
        return Advice(plan=plan, traffic=traffic, needs=needs, remedies=())
    share = _more_share(plan, traffic)
    grows = plan.strategy not in EQUAL_STEPS and plan.steps[-1].share_percent < HIGHEST_SHARE
    if share is None and grows:
        share = _longer(_with_share(plan, HIGHEST_SHARE), traffic)
    remedies = tuple(r for r in (share, _longer(plan, traffic)) if r is not None)
    return Advice(plan=plan, traffic=traffic, needs=needs, remedies=remedies)


def _within(need: Need, plan: ReleasePlan) -> bool:
    minutes = need.minutes
    return minutes is not None and minutes <= budget_minutes(plan)


def _more_share(plan: ReleasePlan, traffic: Traffic) -> Remedy | None:
    """The smallest share of the last step that does in the plan's own time."""
    if plan.strategy in EQUAL_STEPS:
        return None
    last = plan.steps[-1]
    first = _SHARE_STEP * (last.share_percent // _SHARE_STEP + 1)
    for share in range(first, HIGHEST_SHARE + 1, _SHARE_STEP):
        changed = _with_share(plan, share)
        if all(_within(need, changed) for need in needs_of(changed, traffic)):
            return Remedy(
                share_percent=share, bake_seconds=last.bake_seconds, hold_seconds=plan.hold_seconds
            )
    return None


def _longer(plan: ReleasePlan, traffic: Traffic) -> Remedy | None:
    """The shortest bake of the last step, or hold, in round figures, that does at its share."""
    minutes = [need.minutes for need in needs_of(plan, traffic)]
    most = max((m for m in minutes if m is not None), default=0.0)
    if None in minutes:
        return None
    last = plan.steps[-1]
    more = max(0.0, most - budget_minutes(plan))
    bake, hold = last.bake_seconds, plan.hold_seconds
    if plan.strategy in EQUAL_STEPS:
        hold = round_up_seconds(hold + 60 * more)
    else:
        bake = round_up_seconds(bake + 60 * more)
    return Remedy(share_percent=last.share_percent, bake_seconds=bake, hold_seconds=hold)


def _with_share(plan: ReleasePlan, share: int) -> ReleasePlan:
    last = plan.steps[-1]
    share = max(share, last.share_percent)
    return replace(plan, steps=(*plan.steps[:-1], replace(last, share_percent=share)))


def round_up_seconds(seconds: float) -> int:
    """The next round duration: tens of minutes up to two hours, hours up to two days, days."""
    unit = 600 if seconds <= 7_200 else 3_600 if seconds <= 172_800 else 86_400
    return unit * math.ceil(seconds / unit)


def written_duration(seconds: int) -> str:
    """A duration as a project file says it."""
    for unit, letter in ((86_400, "d"), (3_600, "h"), (60, "m")):
        if seconds % unit == 0:
            return f"{seconds // unit}{letter}"
    return f"{seconds}s"


def minutes_in_words(minutes: float | None) -> str:
    """About how long, for people."""
    if minutes is None:
        return f"more than {LONGEST_MINUTES // 1_440} days"
    if minutes < 100:
        return f"{math.ceil(minutes)} min"
    return f"{minutes / 60:.2g} h" if minutes < 2_880 else f"{minutes / 1_440:.2g} days"


def _impossible(advice: Advice, need: Need) -> str | None:
    """Why no plan at all could judge this guardrail; None where one could."""
    metric = need.guardrail.metric
    if metric is Metric.OUTCOMES and advice.traffic.live.known_share == 0:
        return (
            "outcomes: none becomes known, so that neither harm nor safety can be shown: report "
            "them (POST /outcomes), or drop the guardrail"
        )
    if sought(need.guardrail, advice.traffic.live) is None:
        margin = f"{100 * need.guardrail.margin:.3g} points"
        return (
            f"{metric}: nothing can be {margin} worse than the live version is: choose a smaller "
            "margin, or mend it first"
        )
    return None


def _late(advice: Advice, need: Need) -> str:
    metric = need.guardrail.metric
    harm = sought(need.guardrail, advice.traffic.live)
    seen = need.seen_minutes
    if harm is not None and (seen is None or seen > advice.budget_minutes):
        return f"{minutes_in_words(seen)} to see {metric} {_where(harm)} ({harm.words})"
    return f"{minutes_in_words(need.shown_minutes)} to show that {metric} is within its margin"


_WHERE = {Rung.MARGIN: "at the margin", Rung.TWICE: "at twice the margin"}


def _where(harm: Harm) -> str:
    return _WHERE.get(harm.rung, "at its worst")


def _ways(advice: Advice) -> str:
    """What to change, as a project file says it."""
    if advice.plan.strategy in EQUAL_STEPS:
        return "a hold of " + " or ".join(written_duration(r.hold_seconds) for r in advice.remedies)
    if advice.plan.strategy is Strategy.SHADOW:
        return "a bake of " + " or ".join(written_duration(r.bake_seconds) for r in advice.remedies)
    return "a last step of " + " or ".join(
        f"{r.share_percent} % with a bake of {written_duration(r.bake_seconds)}"
        for r in advice.remedies
    )


def _too_short(advice: Advice, late: list[str]) -> str:
    do = f"{_ways(advice)} would do"
    if not advice.remedies:
        days = LONGEST_MINUTES // 1_440
        share = f"no share up to {HIGHEST_SHARE} % and "
        if advice.plan.strategy is Strategy.SHADOW:
            share = ""
        do = f"{share}no bake up to {days} days would do"
    return (
        f"at {advice.traffic.requests_per_minute:,.3g} requests a minute the plan may be too "
        f"short: it watches for {minutes_in_words(advice.budget_minutes)} before it waits for an "
        f"operator, and it takes about {', '.join(late)}; {do}"
    )
