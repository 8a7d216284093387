"""Settings of a service that judges events: their variables, the rules, the model that scores.

Sources: Fraud Detector user guide, "Document history" (closed to new customers) and "Create a
variable"; SageMaker API reference, InvokeEndpoint (names of endpoints).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.fraud.rules import (
    DECISIONS,
    NUMBER,
    REVIEW,
    SCORE,
    TEXT,
    TICK,
    kind_faults,
    rules_of,
    syntax_faults,
)
from tidegate.ai.limits import Between, Length, Matches, OneOf, TextFile

MODEL, FRAUD_DETECTOR = "model", "fraud-detector"
CLOSED = "2025-11-07"
"""Since when new customers do not get Fraud Detector."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,29}")
_MOST_VARIABLES = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Variable:
    """What is known of an event."""

    type: Annotated[str, "number, text or tick (true or false).", OneOf((NUMBER, TEXT, TICK))]
    required: Annotated[bool, "Whether an event without it is refused."] = True
    default: Annotated[
        str | None,
        "What counts where it is missing; left out: 0, the empty text, false.",
        Length(most=200),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FraudSettings:
    """Events are approved, reviewed or blocked, and what became of them is known later."""

    rules: Annotated[
        str,
        "A file of rules, one a line: 'block when CONDITION', 'review when CONDITION', 'approve "
        "otherwise'. The first that holds decides.",
        TextFile(syntax_faults),
    ]
    variables: Annotated[
        Mapping[str, Variable],
        "What an event tells, by name in small letters, digits and underscores, with type, "
        "required and default.",
    ]
    engine: Annotated[
        str,
        "model: the rules, and the score of a SageMaker endpoint. fraud-detector: the rules as a "
        f"detector of Amazon Fraud Detector, closed to new customers since {CLOSED}.",
        OneOf((MODEL, FRAUD_DETECTOR)),
    ] = MODEL
    enrolled: Annotated[
        bool, "Whether the account has Fraud Detector already; its engine needs it."
    ] = False
    endpoint: Annotated[
        str | None,
        "SageMaker endpoint whose score the rules know; {stage} stands for the stage's name, as in "
        "PROJECT-{stage}-MODEL of a model of this project. Left out: rules without a score.",
        Matches(pattern=r"[a-zA-Z0-9{}-]{1,80}", words="letters, digits, hyphens and {stage}"),
    ] = None
    features: Annotated[
        tuple[Annotated[str, Length(least=1, most=30)], ...],
        "Variables that the endpoint is sent, as a row of CSV in this order; it answers with the "
        "probability of fraud, a number from 0 to 1.",
        Length(most=_MOST_VARIABLES),
    ] = ()
    without_score: Annotated[
        str, "The decision while the endpoint does not answer.", OneOf(DECISIONS)
    ] = REVIEW
    outcome_days: Annotated[
        int, "How long after an event its outcome may come.", Between(least=1, most=730)
    ] = 180
    missed_fraud_alarm: Annotated[
        int | None,
        "Approved events found to be fraud, in a day, above which people are told; null tells "
        "nobody.",
        Between(least=0, most=1_000_000),
    ] = None


def kinds(settings: FraudSettings) -> Mapping[str, str]:
    """The kind of each variable that rules may ask about."""
    known = {name: variable.type for name, variable in settings.variables.items()}
    return known if settings.endpoint is None else {**known, SCORE: NUMBER}


def faults(settings: FraudSettings) -> tuple[str, ...]:
    """Rules ask about what there is, the model is sent what there is, a closed engine is known."""
    return (
        *_variable_faults(settings),
        *(f"rules {fault}" for fault in kind_faults(settings.rules, kinds(settings))),
        *_feature_faults(settings),
        *_engine_faults(settings),
    )


def _variable_faults(settings: FraudSettings) -> list[str]:
    found = [
        f"variables.{name} must be small letters, digits and underscores, 30 at most"
        for name in settings.variables
        if not _NAME.fullmatch(name)
    ]
    if SCORE in settings.variables:
        found.append(f"variables.{SCORE} is what rules call the model's answer: take another name")
    if not 1 <= len(settings.variables) <= _MOST_VARIABLES:
        found.append(f"variables are {len(settings.variables)}, must be 1 to {_MOST_VARIABLES}")
    return found


def _feature_faults(settings: FraudSettings) -> list[str]:
    unknown = [name for name in settings.features if name not in settings.variables]
    found = [f"features name {name}, which is no variable" for name in unknown]
    if (settings.endpoint is None) is not (not settings.features):
        found.append("features and endpoint are given together")
    return found


def _engine_faults(settings: FraudSettings) -> list[str]:
    if settings.engine != FRAUD_DETECTOR:
        return []
    found = []
    if not settings.enrolled:
        found.append(
            f"engine is {FRAUD_DETECTOR}, which new customers do not get since {CLOSED}: take "
            f"{MODEL}, or say enrolled: true where the account has it"
        )
    if settings.endpoint is not None:
        found.append(f"endpoint is for the engine {MODEL}: a detector has rules only here")
    if len(rules_of(settings.rules)) > _MOST_RULES:
        found.append(f"rules are more than {_MOST_RULES}, which a detector does not take")
    return found


_MOST_RULES = 30
"""Rules of a detector version (Fraud Detector user guide, quotas)."""
