"""The shape of section `release` of a model: strategies, steps, guardrails, A/B tests."""

from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import Part
from tidegate.arms.terms import MOST_CHALLENGERS, Better, Policy, Winner
from tidegate.observation import OutcomeKind
from tidegate.schedules import LEAST_PERCENT, MOST_PERCENT
from tidegate.strategies import Mechanism, Split, Strategy

Duration = Annotated[str, StringConstraints(pattern=PATTERN)]
"""A whole number and a unit: 90s, 10m, 24h or 7d."""


class StepFile(Part):
    """One step of a release."""

    share_percent: int
    """Share of the traffic that the candidate gets: 1 to 99."""
    bake: Duration
    """How long to wait and watch in this step."""


class GuardrailFile(Part):
    """A harm that must not happen."""

    margin: float
    """Harm above which the candidate is never promoted, a share of requests: 0.02 is two points."""


class LatencyGuardrailFile(GuardrailFile):
    """Slowness that must not happen, measured against the live version's 90th percentile."""

    tolerated_slowdown: float = 1.0
    """Factor by which the candidate may be slower before anything counts as harm: 1 to 100."""


class OutcomesGuardrailFile(GuardrailFile):
    """Outcomes that must not happen. Of events the margin is about the whole outcome window."""

    kind: Annotated[OutcomeKind, Field(strict=False)] = OutcomeKind.LABELS
    """What is reported: labels (right or wrong), conversions or complaints (good or bad events)."""


class GuardrailsFile(Part):
    """The guardrail metrics of a release; at least one."""

    errors: GuardrailFile | None = None
    """Requests that the model failed."""
    latency: LatencyGuardrailFile | None = None
    """Requests slower than the live version's 90th percentile."""
    outcomes: OutcomesGuardrailFile | None = None
    """Predictions that turned out wrong, as reported by POST /outcomes."""
    agreement: GuardrailFile | None = None
    """Of shadow: answers that differ from the live ones, by what compare says."""


class CompareFile(Part):
    """What of both answers a shadow compares. Places are JSON pointers, such as /label."""

    answer: str = ""
    """The place in the answer that must be the same; left out: the whole answer."""
    tolerance: float = 0.0
    """How far numbers there may lie apart and still agree."""
    slice: str | None = None
    """A place in the request by whose value pairs are counted too, to find where they differ."""


Environment = dict[
    Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$", max_length=1024)],
    Annotated[str, StringConstraints(max_length=1024)],
]


class ChallengerFile(Part):
    """A version that an A/B test compares with the live one, in the same container."""

    artifact: str
    """A directory, a .tar.gz, or s3://bucket/key?versionId=..., as of the model itself."""
    label: str | None = None
    """Name of the version for people; left out: the name of the artifact."""
    environment: Environment = {}
    """Environment variables beside the model's, or instead of them: part of the version."""


class ObjectiveFile(Part):
    """What the winner of an A/B test is better at: a rate of reported outcomes."""

    kind: Annotated[OutcomeKind, Field(strict=False)] = OutcomeKind.LABELS
    """What is reported: labels (the rate is of right ones), conversions or complaints."""
    better: Annotated[Better, Field(strict=False)] | None = None
    """Which way is good: larger or smaller; left out: smaller for complaints, else larger."""
    horizon_requests: int
    """Requests of all arms, of users who count once each, by which a decision is wanted; the test
    may go on beyond."""
    tie_margin: float | None = 0.01
    """Arms that differ by less are a tie, a share: 0.01 is one point; null never calls a tie."""
    alpha: float = 0.05
    """Chance of naming a winner that is not better than each other arm, at most."""
    beta: float = 0.05
    """Chance of calling arms a tie though one falls short of the best by tie_margin, at most."""


class ReleaseFile(Part):
    """How a new version replaces the one that is live."""

    strategy: Annotated[Strategy, Field(strict=False)] = Strategy.CANARY
    """How traffic moves."""
    mechanism: Annotated[Mechanism, Field(strict=False)] | None = None
    """What moves it; left out: the strategy's default."""
    split: Annotated[Split, Field(strict=False)] = Split.ENDPOINT
    """Who draws the slot: endpoint (SageMaker, each request) or router (each user keeps it)."""
    holdout_percent: int = 0
    """Of split router: share of users, 0 to 50, who get the live version whatever is released."""
    steps: Annotated[list[StepFile], Field(min_length=1, max_length=20)] | None = None
    """Rising traffic shares, of canary; left out: 10 and 50 percent (of mechanism guardrail, which
    takes one, 10), ten minutes each."""
    step_percent: Annotated[int, Field(ge=LEAST_PERCENT, le=MOST_PERCENT)] | None = None
    """Of linear: by how much each step raises the share; left out: 20."""
    batch_percent: Annotated[int, Field(ge=LEAST_PERCENT, le=MOST_PERCENT)] | None = None
    """Of rolling: share of a slot's instances that a step is worth at most; left out: 25."""
    bake: Duration | None = None
    """Of big-bang, linear and rolling: how long to wait and watch in each step; left out: 10m.
    Of shadow: how long copies are compared at least. Of ab-test: how long it runs at least."""
    challengers: Annotated[list[ChallengerFile], Field(max_length=MOST_CHALLENGERS)] | None = None
    """Of ab-test: the versions that are tested, up to nine, against the live one; the model's own
    artifact is live after the first deploy."""
    objective: ObjectiveFile | None = None
    """Of ab-test: what decides."""
    control_percent: Annotated[int, Field(ge=1, le=99)] | None = None
    """Of ab-test: share of the users whom the live version serves; the challengers share the rest
    equally. Left out: all arms have the same."""
    shares: list[int] | None = None
    """Of ab-test: the share of each arm in percent, the live version's first, instead."""
    policy: Annotated[Policy, Field(strict=False)] = Policy.FIXED
    """Of ab-test: fixed keeps the shares, thompson moves them to what goes well."""
    reallocate: Duration = "1h"
    """Of policy thompson: how long shares stay at least."""
    winner: Annotated[Winner, Field(strict=False)] = Winner.PROMOTE
    """Of ab-test: promote a challenger that has won, or ask: pause, and let a person promote it."""
    compare: CompareFile | None = None
    """Of shadow: what makes two answers agree; guardrail agreement needs it."""
    then: Annotated[Strategy, Field(strict=False)] | None = None
    """Of shadow: canary, linear or rolling, by weights, which releases a version that has passed,
    with the same guardrails and its own keys here; left out: nothing, a shadow ends passed."""
    echoes_version: bool = False
    """Of mechanism guardrail: the container names its version in each answer (TIDEGATE_VERSION as
    custom attribute), so that outcomes and latency are compared by version."""
    guardrails: GuardrailsFile | None = None
    """Left out: errors within 0.02 and latency within 0.20 after a slowdown of 1.5; of
    asynchronous hosting errors only."""
    lag: Duration = "30s"
    """How long after an interval its log lines may still arrive; of asynchronous hosting, after
    its last answer may come. Of shadow: its captures, at least
    5m, 10m if left out; what follows a shadow has 30s."""
    outcome_window: Duration = "1d"
    """How long after a prediction its outcome is accepted."""
    warm_up: Duration = "60s"
    """How long the candidate serves in the first step before anything counts: 0s to 1d."""
    hold: Duration = "1h"
    """How long to wait beyond the last step when the evidence is too little to decide."""
    alpha: float = 0.01
    """Chance of rolling back a harmless candidate, at most, over the whole release."""
    beta: float = 0.05
    """Chance of promoting a candidate whose harm is at a margin, at most."""
