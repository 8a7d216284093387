"""How long a plan needs to see a harm at its margin, and to show that there is none: estimated.

An estimate from the information in the traffic (`information`), in milliseconds, for guidance only.
A log-likelihood ratio that has grown by G in the mean has a variance of about 2 G, which turns a
mean into a power. `tests/unit/cli/simulation/test_estimate.py` holds the estimate to within a
factor of simulated releases.
"""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from cli.simulation.behaviour import Behaviour, Traffic
from cli.simulation.harms import sought
from cli.simulation.information import Stream, of_harm, of_safety
from cli.simulation.paired import harm_of_pairs, safety_of_pairs
from tidegate.plan import Guardrail, ReleasePlan
from tidegate.strategies import Strategy

POWER_Z = 0.8416
"""The standard normal quantile of the power that a plan should have: 80 %."""

NOT_KNOWING_NATS = 1.0
"""What evidence loses because the size of the harm is not known beforehand: exact spending pays
about one nat (measured by simulated releases, see the test), a mixture over effects 1.3 to 1.7."""

LEAST_CANDIDATE_TRIALS = 30
"""Comparable candidate trials without which the judge says `hold` (docs/explanation/judge.md)."""

LONGEST_MINUTES = 30 * 1_440
"""Nothing is waited for longer than this: what takes longer does not happen."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What one guardrail needs under one plan: minutes after warm-up, None for longer than a month.

    `seen` is until a harm that the plan should see (`harms.sought`) is rolled back, `shown` until a
    harmless candidate is shown to stay within the margin.
    """

    guardrail: Guardrail
    seen_minutes: float | None
    shown_minutes: float | None

    @property
    def minutes(self) -> float | None:
        """Until both are done."""
        return _later(self.seen_minutes, self.shown_minutes)


def budget_minutes(plan: ReleasePlan) -> float:
    """How long the plan watches before it waits for an operator: its bakes and its hold."""
    return (sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds) / 60


def needs_of(plan: ReleasePlan, traffic: Traffic) -> tuple[Need, ...]:
    """What each guardrail needs; the last step is taken to last as long as it takes."""
    return tuple(_need(plan, traffic, guardrail) for guardrail in plan.guardrails)


def _need(plan: ReleasePlan, traffic: Traffic, guardrail: Guardrail) -> Need:
    live = traffic.live
    harm = sought(guardrail, live)
    seen = None
    if harm is not None:
        streams = _of_harm(plan, guardrail, harm.candidate, live=live)
        # alpha is for all metrics together; how the judge shares it matters little here.
        limit = math.log(len(plan.guardrails) / plan.alpha)
        seen = _minutes(plan, traffic, streams, needed=_information(limit + NOT_KNOWING_NATS))
    streams = _of_safety(plan, guardrail, live=live)
    shown = _minutes(plan, traffic, streams, needed=_information(-math.log(plan.beta)))
    counted = [replace(stream, information=_itself) for stream in streams]
    enough = _minutes(plan, traffic, counted, needed=LEAST_CANDIDATE_TRIALS)
    return Need(guardrail=guardrail, seen_minutes=seen, shown_minutes=_later(shown, enough))


def _of_harm(
    plan: ReleasePlan, guardrail: Guardrail, candidate: Behaviour, *, live: Behaviour
) -> tuple[Stream, ...]:
    if plan.strategy is Strategy.SHADOW:
        return (harm_of_pairs(plan, guardrail, live=live, candidate=candidate),)
    return of_harm(plan, guardrail, live=live, candidate=candidate)


def _of_safety(plan: ReleasePlan, guardrail: Guardrail, *, live: Behaviour) -> tuple[Stream, ...]:
    if plan.strategy is Strategy.SHADOW:
        return (safety_of_pairs(plan, guardrail, live=live),)
    return of_safety(plan, guardrail, live=live)


def _later(one: float | None, other: float | None) -> float | None:
    """The later of two moments; None where one of them never comes."""
    return None if one is None or other is None else max(one, other)


def _itself(share: float) -> float:
    """Of each trial so much is the candidate's."""
    return share


def _information(limit: float) -> float:
    """How much the mean has to have grown for the limit to be passed with the wanted power."""
    return ((POWER_Z * math.sqrt(2) + math.sqrt(2 * POWER_Z**2 + 4 * limit)) / 2) ** 2


def _minutes(
    plan: ReleasePlan, traffic: Traffic, streams: Sequence[Stream], *, needed: float
) -> float | None:
    """Minutes until so much information is there, its trials known; None when it never is."""
    grown = [
        (stream.minutes, _pieces(plan, stream, _comparable(traffic.requests_per_minute, stream)))
        for stream in streams
    ]

    def known(at: float) -> float:
        return math.fsum(_served(pieces, at - delay) for delay, pieces in grown if at > delay)

    if known(LONGEST_MINUTES) < needed:
        return None
    low, high = 0.0, float(LONGEST_MINUTES)
    while high - low > 0.01 * high:
        middle = (low + high) / 2
        if known(middle) < needed:
            low = middle
        else:
            high = middle
    return high


def _comparable(requests_per_minute: float, stream: Stream) -> float:
    """Trials a minute that tell the slots apart.

    Given n trials of one stratum, the slots' shares of them are known but for n - 1: a single trial
    has nothing to be compared with. For Poisson n this is the mean of max(0, n - 1); of pairs,
    which are compared in themselves, nothing is lost.
    """
    trials = requests_per_minute * stream.chance
    return trials + stream.uncompared * math.expm1(-trials)


def _pieces(
    plan: ReleasePlan, stream: Stream, trials_per_minute: float
) -> tuple[tuple[float, float], ...]:
    """Minutes of each step and the information a minute in it."""
    return tuple(
        (minutes, trials_per_minute * stream.information(share / 100))
        for minutes, share in _stretches(plan)
    )


def _stretches(plan: ReleasePlan) -> Iterator[tuple[float, int]]:
    """Minutes and share of each step, the last one without an end."""
    for step in plan.steps[:-1]:
        yield step.bake_seconds / 60, step.share_percent
    yield math.inf, plan.steps[-1].share_percent


def _served(pieces: Sequence[tuple[float, float]], minutes: float) -> float:
    """Information in what was served within so many minutes."""
    total = 0.0
    for length, rate in pieces:
        spent = min(length, minutes)
        total += spent * rate
        minutes -= spent
        if minutes <= 0:
            break
    return total
