"""The course of traffic under a plan, and under every other way in which it could be released.

Alternatives keep what was agreed (bakes, patience, warm-up) and take the shares that are usual for
the strategy, so that they can be compared. What an endpoint cannot have is told with the reason.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tidegate.fleet import Fleet, fleet_faults
from tidegate.guardrail.course import course_faults
from tidegate.guardrail.echo_rules import EchoTerms, echo_faults
from tidegate.plan import ReleasePlan, Step
from tidegate.schedules import linear_steps, rolling_steps
from tidegate.strategies import IMPLEMENTED, LEGAL, Mechanism, Strategy

CANARY_SHARES = (10, 50)
LINEAR_PERCENT, ROLLING_PERCENT = 20, 25
"""Shares of alternatives: the defaults of the project file."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stage:
    """A share of the traffic, in percent, and how long it stays; `hold_seconds` more at most."""

    share_percent: int
    bake_seconds: int
    hold_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """What the candidate gets until it is promoted, stage by stage. 100 percent may be watched."""

    strategy: Strategy
    mechanism: Mechanism
    stages: tuple[Stage, ...]

    @property
    def available(self) -> bool:
        """Whether this version of Tidegate can run it."""
        return (self.strategy, self.mechanism) in IMPLEMENTED


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """A combination that this endpoint or plan cannot have, and the rule that says so."""

    strategy: Strategy
    mechanism: Mechanism
    why: str


def planned_course(plan: ReleasePlan) -> Course:
    """The course of the plan itself."""
    return _course(plan, plan.strategy, plan.mechanism, plan.steps)


def other_courses(plan: ReleasePlan, fleet: Fleet) -> Iterator[Course | Refused]:
    """Every other combination in the order of the table of legal ones."""
    for strategy, combination in LEGAL.items():
        for mechanism in combination.mechanisms:
            if (strategy, mechanism) != (plan.strategy, plan.mechanism):
                yield _alternative(plan, fleet, strategy, mechanism)


def _alternative(
    plan: ReleasePlan, fleet: Fleet, strategy: Strategy, mechanism: Mechanism
) -> Course | Refused:
    faults = fleet_faults(strategy, mechanism, fleet)
    if faults:
        return Refused(strategy=strategy, mechanism=mechanism, why=faults[0].split("; use ")[0])
    course = _course(plan, strategy, mechanism, _steps(plan, fleet, strategy, mechanism))
    why = _unguardable(plan, course) if mechanism is Mechanism.GUARDRAIL else ()
    return Refused(strategy=strategy, mechanism=mechanism, why=why[0]) if why else course


def _steps(
    plan: ReleasePlan, fleet: Fleet, strategy: Strategy, mechanism: Mechanism
) -> tuple[Step, ...]:
    """Steps below 100 percent: the plan's own where it has this strategy, else the usual ones."""
    bake, guarded = plan.steps[0].bake_seconds, mechanism is Mechanism.GUARDRAIL
    if strategy is Strategy.CANARY:
        shares: tuple[int, ...] = CANARY_SHARES
        if plan.strategy is Strategy.CANARY:
            shares = tuple(step.share_percent for step in plan.steps)
        if guarded:
            # SageMaker's canary has one step, of whole instances, at most half of them.
            shares = (_capacity(fleet, min(shares[0], 50)),)
        return tuple(Step(share_percent=share, bake_seconds=bake) for share in shares)
    if strategy is Strategy.LINEAR and plan.strategy is Strategy.LINEAR:
        return plan.steps
    if strategy is Strategy.LINEAR and not guarded:
        return linear_steps(step_percent=LINEAR_PERCENT, bake_seconds=bake)
    if strategy in {Strategy.LINEAR, Strategy.ROLLING}:
        percent = LINEAR_PERCENT if strategy is Strategy.LINEAR else ROLLING_PERCENT
        return rolling_steps(instances=fleet.instances, batch_percent=percent, bake_seconds=bake)
    return ()


def _capacity(fleet: Fleet, percent: int) -> int:
    """The share of as many whole instances as a percentage allows, at least of one."""
    return round(100 * max(1, fleet.instances * percent // 100) / fleet.instances)


def _course(
    plan: ReleasePlan, strategy: Strategy, mechanism: Mechanism, steps: tuple[Step, ...]
) -> Course:
    bake = plan.steps[0].bake_seconds
    watched = sum(step.bake_seconds for step in plan.steps)
    shares = [(step.share_percent, step.bake_seconds) for step in steps]
    hold = plan.hold_seconds
    if strategy is Strategy.SHADOW:
        shares = [(0, watched)]
    elif strategy is Strategy.AB_TEST:
        terms = plan.ab_test
        shares = [(50 if terms is None else 100 - terms.first_shares[0], watched)]
    elif mechanism is Mechanism.GUARDRAIL:
        # SageMaker bakes at 100 percent too, and waits no longer than it was told.
        shares, hold = [*(one for one in shares if one[0] < 100), (100, bake)], 0
    elif strategy is Strategy.BIG_BANG:
        shares = [(100, bake)]
    stages = tuple(
        Stage(share_percent=share, bake_seconds=seconds, hold_seconds=hold)
        for share, seconds in shares
    )
    return Course(strategy=strategy, mechanism=mechanism, stages=stages)


def _unguardable(plan: ReleasePlan, course: Course) -> tuple[str, ...]:
    """Why SageMaker cannot move traffic so under this plan's bakes and guardrail metrics."""
    below = [stage for stage in course.stages if stage.share_percent < 100]
    faults = course_faults(
        course.strategy,
        [stage.share_percent for stage in below],
        [stage.bake_seconds for stage in course.stages],
    )
    faults += echo_faults(
        EchoTerms(
            strategy=course.strategy,
            mechanism=Mechanism.GUARDRAIL,
            metrics=[guardrail.metric.value for guardrail in plan.guardrails],
            echoes_version=plan.echoes_version,
        )
    )
    return tuple(f"{course.strategy} by guardrail: {fault}" for fault in faults)
