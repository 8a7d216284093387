"""The release section: from the file's words to a ReleasePlan, its faults at the right lines."""

import re
from collections.abc import Iterator

from stacks.project.ab_tests import key_faults, terms_of, tested_percent
from stacks.project.asynchronous import later_faults
from stacks.project.durations import seconds_of
from stacks.project.faults import Fault
from stacks.project.fleets import drawn_faults
from stacks.project.hosting_rules import fleet_of
from stacks.project.hosting_shape import HostingFile
from stacks.project.release_shape import (
    GuardrailFile,
    GuardrailsFile,
    LatencyGuardrailFile,
    OutcomesGuardrailFile,
    ReleaseFile,
)
from stacks.project.shadows import following_section, own_section, pairing_of
from stacks.project.source import Location, Source
from tidegate.errors import InvalidValueError
from tidegate.fleet import LEAST_INSTANCES, Fleet, Hosting, fleet_faults
from tidegate.plan import Guardrail, Metric, ReleasePlan, Step
from tidegate.schedules import linear_steps, rolling_steps
from tidegate.strategies import LEGAL, Mechanism, Strategy, faults_of

STEP_PERCENT, BATCH_PERCENT, BAKE = 20, 25, "10m"
"""Defaults of strategies with equal steps, where the key is left out."""

_KEYS_OF_STEPS: dict[Strategy, tuple[str, ...]] = {
    Strategy.BIG_BANG: ("bake",),
    Strategy.LINEAR: ("step_percent", "bake"),
    Strategy.ROLLING: ("batch_percent", "bake"),
    Strategy.AB_TEST: ("bake",),
}
"""Which keys say the steps; of other strategies it is `steps`."""

_WORDS: tuple[tuple[str, str], ...] = (
    (r"of compare must|^compare is", "compare"),
    (r"^then ", "then"),
    (r"^echoes_version", "echoes_version"),
    (r"^guardrail outcomes", "guardrails"),
    (r"^strategy |not available yet; use|steps? of strategy", "strategy"),
    (r"^split (router|must)", "split"),
    (r"arm shares", "shares"),
    (r"^challengers must", "challengers"),
    (r"^horizon_requests|^objective (alpha|beta|tie_margin|complaints)", "objective"),
    (r"^reallocate_seconds", "reallocate"),
    (r"^holdout_percent", "holdout_percent"),
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
    "reallocate_seconds": "reallocate (in seconds)",
}


def plan_faults(
    source: Source, at: Location, section: ReleaseFile, hosting: HostingFile | None
) -> Iterator[Fault]:
    """What is wrong with a release plan, each fault at the line of the key it is about.

    Rules of what the endpoint runs on wait until hosting is right (None).
    """
    for key, message in (*_misplaced_keys(section), *key_faults(section)):
        yield source.fault((*at, key), message)
    following = following_section(section)
    if following is not None:
        yield from plan_faults(source, at, following, hosting)
    unfit = () if hosting is None else _unfit(section, fleet_of(hosting))
    for message in unfit:
        yield source.fault((*at, "strategy"), message)
    try:
        plan = plan_of(section, _ANY_FLEET if hosting is None or unfit else fleet_of(hosting))
    except InvalidValueError as error:
        for fault in error.faults:
            yield source.fault((*at, *_keys_of(fault)), _in_file_words(fault))
        return
    for key, message in (*later_faults(plan, hosting), *drawn_faults(plan, hosting)):
        yield source.fault((*at, key), message)
    watched = sum(step.bake_seconds for step in plan.steps) + plan.hold_seconds
    if plan.outcome_kind.has_events_only and watched < plan.outcome_window_seconds:
        told = ("guardrails", "outcomes") if plan.ab_test is None else ("objective", "kind")
        yield source.fault(
            (*at, *told),
            f"kind is {plan.outcome_kind.value}, of which nothing is known to be safe before the "
            f"outcome_window ({plan.outcome_window_seconds} s) has passed, but all bakes and hold "
            f"end after {watched} s: shorten outcome_window or lengthen hold",
        )


_ANY_FLEET = Fleet(instance_type="ml.m5.large", instances=LEAST_INSTANCES, start_seconds=300)
"""Stands in for a fleet that is not known or too small, so that its faults hide no others."""


def _unfit(section: ReleaseFile, fleet: Fleet) -> tuple[str, ...]:
    mechanism = mechanism_of(section)
    if faults_of(section.strategy, mechanism):
        return ()
    return fleet_faults(section.strategy, mechanism, fleet)


def _misplaced_keys(section: ReleaseFile) -> Iterator[tuple[str, str]]:
    """Keys of another strategy's steps: read by nobody, so that they would be ignored."""
    own = _own_keys(section)
    for key in ("steps", "step_percent", "batch_percent", "bake"):
        if key not in own and getattr(section, key) is not None:
            use = " and ".join(own)
            yield key, f"{key} means nothing to strategy {section.strategy}: drop it, use {use}"


def _own_keys(section: ReleaseFile) -> tuple[str, ...]:
    if section.strategy is not Strategy.SHADOW:
        return _KEYS_OF_STEPS.get(section.strategy, ("steps",))
    following = () if section.then is None else _KEYS_OF_STEPS.get(section.then, ("steps",))
    return tuple(dict.fromkeys(("bake", *following)))


def mechanism_of(section: ReleaseFile) -> Mechanism:
    """The mechanism of the file, or the strategy's default."""
    mechanism = section.mechanism
    return LEGAL[section.strategy].default if mechanism is None else mechanism


def plan_of(section: ReleaseFile, fleet: Fleet) -> ReleasePlan:
    """The plan that a release section describes; InvalidValueError with every fault of it."""
    section = own_section(section)
    return ReleasePlan(
        pairing=pairing_of(section.compare),
        then=section.then,
        ab_test=terms_of(section),
        strategy=section.strategy,
        mechanism=mechanism_of(section),
        split=section.split,
        holdout_percent=section.holdout_percent,
        steps=_steps(section, fleet),
        guardrails=_guardrails(section, fleet),
        lag_seconds=fleet.answer_seconds + seconds_of(section.lag),
        outcome_window_seconds=seconds_of(section.outcome_window),
        hold_seconds=seconds_of(section.hold),
        warm_up_seconds=seconds_of(section.warm_up),
        alpha=section.alpha,
        beta=section.beta,
        echoes_version=section.echoes_version,
    )


def _guardrails(section: ReleaseFile, fleet: Fleet) -> tuple[Guardrail, ...]:
    """Those of the file, or the default ones that the endpoint can have."""
    if section.guardrails is not None:
        return tuple(_guards(section))
    every = ReleasePlan().guardrails
    if fleet.hosting is not Hosting.ASYNCHRONOUS:
        return every
    return tuple(guardrail for guardrail in every if guardrail.metric is not Metric.LATENCY)


def following_of(section: ReleaseFile, fleet: Fleet) -> ReleasePlan | None:
    """The plan that releases a version after its shadow has passed; None where nothing follows."""
    following = following_section(section)
    return None if following is None else plan_of(following, fleet)


def _steps(section: ReleaseFile, fleet: Fleet) -> tuple[Step, ...]:
    bake_seconds = seconds_of(BAKE if section.bake is None else section.bake)
    if section.strategy is Strategy.LINEAR:
        percent = STEP_PERCENT if section.step_percent is None else section.step_percent
        return linear_steps(step_percent=percent, bake_seconds=bake_seconds)
    if section.strategy is Strategy.ROLLING:
        percent = BATCH_PERCENT if section.batch_percent is None else section.batch_percent
        return rolling_steps(
            instances=fleet.instances, batch_percent=percent, bake_seconds=bake_seconds
        )
    if section.strategy is Strategy.AB_TEST:
        return (Step(share_percent=tested_percent(section), bake_seconds=bake_seconds),)
    if section.strategy in {Strategy.BIG_BANG, Strategy.SHADOW}:
        return (Step(share_percent=100, bake_seconds=bake_seconds),)
    if section.steps is None:
        first, *_ = default = ReleasePlan().steps
        return (first,) if mechanism_of(section) is Mechanism.GUARDRAIL else default
    return tuple(
        Step(share_percent=step.share_percent, bake_seconds=seconds_of(step.bake))
        for step in section.steps
    )


def _guards(section: ReleaseFile) -> Iterator[Guardrail]:
    if section.guardrails is None:
        return
    for metric in (one for one in Metric if one.value in GuardrailsFile.model_fields):
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
