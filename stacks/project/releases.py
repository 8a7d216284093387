"""The release section: from the file's words to a ReleasePlan, its faults at the right lines."""

import re
from collections.abc import Iterator

from stacks.project.durations import seconds_of
from stacks.project.faults import Fault
from stacks.project.shape import (
    GuardrailFile,
    LatencyGuardrailFile,
    OutcomesGuardrailFile,
    ReleaseFile,
)
from stacks.project.source import Location, Source
from tidegate.errors import InvalidValueError
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.strategies import LEGAL

_WORDS: tuple[tuple[str, str], ...] = (
    (r"^strategy |not available yet; use", "strategy"),
    (r"split router", "split"),
    (r"step|bake_seconds|share", "steps"),
    (r"guardrail|tolerated_slowdown|each metric", "guardrails"),
    (r"^lag_seconds", "lag"),
    (r"^outcome_window_seconds", "outcome_window"),
    (r"^hold_seconds", "hold"),
    (r"^warm_up_seconds", "warm_up"),
    (r"^alpha", "alpha"),
    (r"^beta", "beta"),
)
_KEYS = {
    "lag_seconds": "lag (in seconds)",
    "outcome_window_seconds": "outcome_window (in seconds)",
    "hold_seconds": "hold (in seconds)",
    "warm_up_seconds": "warm_up (in seconds)",
    "bake_seconds": "bake (in seconds)",
}


def plan_faults(source: Source, at: Location, section: ReleaseFile) -> Iterator[Fault]:
    """What is wrong with a release plan, each fault at the line of the key it is about."""
    try:
        plan = plan_of(section)
    except InvalidValueError as error:
        for fault in error.faults:
            yield source.fault((*at, *_keys_of(fault)), _in_file_words(fault))
        return
    watched = sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds
    if plan.outcome_kind.has_events_only and watched < plan.outcome_window_seconds:
        yield source.fault(
            (*at, "guardrails", "outcomes"),
            f"kind is {plan.outcome_kind.value}, of which nothing is known to be safe before the "
            f"outcome_window ({plan.outcome_window_seconds} s) has passed, but all bakes and hold "
            f"end after {watched} s: shorten outcome_window or lengthen hold",
        )


def plan_of(section: ReleaseFile) -> ReleasePlan:
    """The plan that a release section describes; InvalidValueError with every fault of it."""
    default = ReleasePlan()
    mechanism = section.mechanism
    return ReleasePlan(
        strategy=section.strategy,
        mechanism=LEGAL[section.strategy].default if mechanism is None else mechanism,
        split=section.split,
        steps=default.steps if section.steps is None else tuple(_steps(section)),
        guardrails=default.guardrails if section.guardrails is None else tuple(_guards(section)),
        lag_seconds=seconds_of(section.lag),
        outcome_window_seconds=seconds_of(section.outcome_window),
        hold_seconds=seconds_of(section.hold),
        warm_up_seconds=seconds_of(section.warm_up),
        alpha=section.alpha,
        beta=section.beta,
    )


def _steps(section: ReleaseFile) -> Iterator[Step]:
    for step in section.steps or ():
        yield Step(share_percent=step.share_percent, bake_seconds=seconds_of(step.bake))


def _guards(section: ReleaseFile) -> Iterator[Guardrail]:
    if section.guardrails is None:
        return
    for metric in Metric:
        limit: GuardrailFile | None = getattr(section.guardrails, metric.value)
        if isinstance(limit, LatencyGuardrailFile):
            yield Guardrail(
                metric=metric, margin=limit.margin, tolerated_slowdown=limit.tolerated_slowdown
            )
        elif isinstance(limit, OutcomesGuardrailFile):
            yield Guardrail(metric=metric, margin=limit.margin, kind=limit.kind)
        elif limit is not None:
            yield Guardrail(metric=metric, margin=limit.margin)


def _keys_of(fault: str) -> tuple[str, ...]:
    for pattern, key in _WORDS:
        if re.search(pattern, fault) is not None:
            metric = next((m.value for m in Metric if f"guardrail {m.value}" in fault), None)
            return (key,) if key != "guardrails" or metric is None else (key, metric)
    return ()


def _in_file_words(fault: str) -> str:
    for name, key in _KEYS.items():
        fault = fault.replace(name, key)
    return fault
