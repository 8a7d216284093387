"""The shape of an AI service's release: arms are sets of settings, and the door draws."""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from stacks.project.part import Part
from stacks.project.release_shape import Duration, GuardrailsFile, ObjectiveFile, StepFile
from tidegate.arms.terms import MOST_CHALLENGERS, Policy, Winner
from tidegate.schedules import LEAST_PERCENT, MOST_PERCENT
from tidegate.strategies import Strategy


class ServiceChallengerFile(Part):
    """Settings that an A/B test compares with the live ones."""

    label: Annotated[str, StringConstraints(min_length=1, max_length=64)]
    """Name of these settings for people."""
    settings: dict[str, Any]
    """Settings beside the service's own, or instead of them."""


class ServiceReleaseFile(Part):
    """How new settings of a service replace the live ones; the door draws users by their hash."""

    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.CANARY
    """canary, linear or ab-test: how users move."""
    steps: Annotated[list[StepFile], Field(min_length=1, max_length=20)] | None = None
    """Of canary: rising shares of the users; left out: 10 and 50 percent, ten minutes each."""
    step_percent: Annotated[int, Field(ge=LEAST_PERCENT, le=MOST_PERCENT)] | None = None
    """Of linear: by how much each step raises the share; left out: 20."""
    bake: Duration | None = None
    """Of linear: the wait in each step; of ab-test: how long it runs at least; left out: 10m."""
    challengers: (
        Annotated[list[ServiceChallengerFile], Field(max_length=MOST_CHALLENGERS)] | None
    ) = None
    """Of ab-test: the settings that are tested, up to nine sets, against the live ones."""
    objective: ObjectiveFile | None = None
    """Of ab-test: what decides."""
    control_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """Of ab-test: share of the users who keep the live settings; the others share the rest."""
    shares: list[int] | None = None
    """Of ab-test: the share of each arm in percent, the live one's first, instead."""
    policy: Annotated[Policy, Field(strict=False)] = Policy.FIXED
    """Of ab-test: fixed keeps the shares, thompson moves them to what goes well."""
    reallocate: Duration = "1h"
    """Of policy thompson: how long shares stay at least."""
    winner: Annotated[Winner, Field(strict=False)] = Winner.PROMOTE
    """Of ab-test: promote a winner, or ask."""
    holdout_percent: int = 0
    """Share of users, 0 to 50, who keep the live settings whatever is released."""
    guardrails: GuardrailsFile | None = None
    """Left out: errors within 0.02 and latency within 0.20 after a slowdown of 1.5."""
    lag: Duration = "30s"
    """How long after an interval its requests may still be counted."""
    outcome_window: Duration = "1d"
    """How long after an answer its outcome is accepted."""
    warm_up: Duration = "60s"
    """How long new settings serve in the first step before anything counts."""
    hold: Duration = "1h"
    """How long to wait beyond the last step when the evidence is too little to decide."""
    alpha: float = 0.01
    """Chance of rolling back harmless settings, at most, over the whole release."""
    beta: float = 0.05
    """Chance of promoting settings whose harm is at a margin, at most."""
