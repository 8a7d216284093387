"""Reactions in the project file: rules that need another section, and the plan."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import seconds_of
from stacks.project.faults import Fault
from stacks.project.reaction_shape import ReactionFile
from stacks.project.release_shape import ReleaseFile
from stacks.project.releases import mechanism_of
from tidegate.monitoring.shares import Family
from tidegate.reaction.plan import Action, ReactionPlan, faults_of
from tidegate.strategies import Mechanism, Strategy

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

KEYS = {
    "data_quality": Family.QUALITY,
    "data_drift": Family.FEATURES,
    "prediction_drift": Family.PREDICTION,
    "model_quality": Family.OUTCOMES,
    "slices": Family.SLICES,
    "attribution_drift": Family.ATTRIBUTIONS,
}
_NEEDS = {
    "prediction_drift": "predictions",
    "model_quality": "outcomes",
    "slices": "slices",
    "attribution_drift": "attributions",
}
_STARTED = (Strategy.CANARY, Strategy.LINEAR, Strategy.ROLLING, Strategy.BIG_BANG)


def reaction_of(file: ReactionFile | None) -> ReactionPlan | None:
    """The plan of a checked section."""
    if file is None:
        return None
    return ReactionPlan(
        actions={family: getattr(file, key) for key, family in KEYS.items()},
        pause_seconds=seconds_of(file.pause),
        most_a_month=file.most_a_month,
    )


def reaction_faults(model: Mapping[str, Any], monitoring: Any, say: Say) -> Iterator[Fault]:
    """What is wrong with the reaction of a model's monitor, whose section has the right shape."""
    file: ReactionFile | None = monitoring.reaction
    plan = reaction_of(file)
    if file is None or plan is None:
        return
    for fault in faults_of(plan):
        yield say(fault, fault.partition(" ")[0])
    for key in KEYS:
        action: Action = getattr(file, key)
        needed = _NEEDS.get(key)
        if action is not Action.ALERT and needed and getattr(monitoring, needed) in (None, []):
            yield say(f"{key}: {action} is never asked for: monitoring has no {needed}", key)
        impossible = _impossible(model, action)
        if impossible is not None:
            yield say(f"{key} is {action}, {impossible}", key)


def _impossible(model: Mapping[str, Any], action: Action) -> str | None:
    """Why the model can never do that."""
    if action is Action.RETRAIN and model.get("training") is None:
        return "the model has no section training: give it one"
    return _no_way_back(model) if action is Action.ROLL_BACK else None


def _no_way_back(model: Mapping[str, Any]) -> str | None:
    """Why the version before the live one could never be released."""
    try:
        release = ReleaseFile.model_validate(model.get("release", {}))
    except ValidationError:
        return None  # its own faults are told of already
    mechanism = mechanism_of(release)
    if release.strategy not in _STARTED:
        allowed = ", ".join(_STARTED)
        return f"which strategy {release.strategy} cannot do: use {allowed}, or alert"
    if mechanism is Mechanism.GUARDRAIL:
        return "which mechanism guardrail cannot do, whose releases are deploys: use weights or dns"
    return None
