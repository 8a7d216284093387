"""A/B tests in the project file: arms, objective and shares, their faults at the right lines."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from stacks.project.artifact_spec import identity_of
from stacks.project.durations import seconds_of
from stacks.project.faults import Fault
from stacks.project.locate import Shelf, artifact_at, artifact_faults, label_of
from stacks.project.release_shape import ChallengerFile, ObjectiveFile, ReleaseFile
from stacks.project.source import Location, Source
from stacks.project.spec import ChallengerSpec
from tidegate.arms.terms import MOST_CHALLENGERS, ABTerms, Better
from tidegate.observation import OutcomeKind
from tidegate.strategies import Strategy

KEYS = (
    *("challengers", "objective", "control_percent", "shares"),
    *("policy", "reallocate", "winner"),
)
"""Keys of the release section that belong to A/B tests alone."""


def terms_of(section: ReleaseFile) -> ABTerms | None:
    """The terms of an A/B test, not checked; None for other strategies and without an objective."""
    objective = section.objective
    if section.strategy is not Strategy.AB_TEST or objective is None:
        return None
    count = _count(section)
    return ABTerms(
        challengers=count,
        horizon_requests=objective.horizon_requests,
        kind=objective.kind,
        better=_better(objective),
        tie_margin=objective.tie_margin,
        alpha=objective.alpha,
        beta=objective.beta,
        policy=section.policy,
        shares=_shares(section, count),
        reallocate_seconds=seconds_of(section.reallocate),
        winner=section.winner,
    )


def _count(section: ReleaseFile) -> int:
    return 0 if section.challengers is None else len(section.challengers)


def _better(objective: ObjectiveFile) -> Better:
    if objective.better is not None:
        return objective.better
    return Better.SMALLER if objective.kind is OutcomeKind.COMPLAINTS else Better.LARGER


def _shares(section: ReleaseFile, challengers: int) -> tuple[int, ...]:
    """The control's share and the challengers'; what the control leaves is shared equally."""
    if section.shares is not None:
        return tuple(section.shares)
    if section.control_percent is None or challengers == 0:
        return ()
    each, rest = divmod(100 - section.control_percent, challengers)
    return (
        section.control_percent,
        *(each + (1 if place < rest else 0) for place in range(challengers)),
    )


def tested_percent(section: ReleaseFile) -> int:
    """The share of all challengers together; 50 where the file says too little to tell."""
    terms = terms_of(section)
    if terms is None or terms.faults():
        return 50
    return 100 - terms.first_shares[0]


def key_faults(section: ReleaseFile) -> Iterator[tuple[str, str]]:
    """Keys of A/B tests under another strategy, and those that exclude one another."""
    if section.strategy is not Strategy.AB_TEST:
        for key in KEYS:
            if key in section.model_fields_set:
                yield key, f"{key} means nothing to strategy {section.strategy}: it is for ab-test"
        return
    if section.shares is not None and section.control_percent is not None:
        yield "control_percent", "control_percent and shares say the same: give one of the two"
    if _count(section) == 0 and section.objective is None:
        yield (
            "challengers",
            (
                "strategy ab-test needs challengers: the versions that are tested against the live "
                f"one, 1 to {MOST_CHALLENGERS}, such as - {{ artifact: build/flights/v2 }}"
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Arm:
    """One version of the pool and where the file names it."""

    at: Location
    name: str
    artifact: str
    environment: Mapping[str, Any]


def arm_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the challengers of the model at a location: artifacts, and twins."""
    pool, here = [_own(at, raw)], (*at, "release", "challengers")
    for place, challenger in _challengers(raw):
        found = {**raw, "artifact": challenger.artifact}
        faults = list(artifact_faults(source, (*here, place), found, shelf))
        yield from faults
        arm = _Arm(
            at=(*here, place, "artifact"),
            name=f"challenger {place + 1}",
            artifact=challenger.artifact,
            environment={**_environment(raw), **challenger.environment},
        )
        if not faults:
            yield from _twin_faults(source, arm, pool, shelf)
            pool.append(arm)


def _own(at: Location, raw: Mapping[str, Any]) -> _Arm:
    return _Arm(
        at=(*at, "artifact"),
        name="the model's own artifact",
        artifact=str(raw.get("artifact")),
        environment=_environment(raw),
    )


def _environment(raw: Mapping[str, Any]) -> Mapping[str, Any]:
    environment = raw.get("environment")
    return environment if isinstance(environment, Mapping) else {}


def _challengers(raw: Mapping[str, Any]) -> Iterator[tuple[int, ChallengerFile]]:
    """The challengers whose shape is right, with their places."""
    release = raw.get("release")
    listed = release.get("challengers") if isinstance(release, Mapping) else None
    for place, entry in enumerate(listed if isinstance(listed, list) else ()):
        try:
            yield place, ChallengerFile.model_validate(entry)
        except ValidationError:
            # Its shape is told by the structural faults.
            continue


def _twin_faults(source: Source, arm: _Arm, pool: list[_Arm], shelf: Shelf) -> Iterator[Fault]:
    for other in pool:
        same = dict(other.environment) == dict(arm.environment)
        if same and _identity(other, shelf) == _identity(arm, shelf):
            yield source.fault(
                arm.at,
                f"artifact is {arm.artifact!r}, the same version as {other.name}: a version cannot "
                "be tested against itself, give it another artifact or environment",
            )
            return


def _identity(arm: _Arm, shelf: Shelf) -> str | None:
    if not arm.artifact.startswith("s3://") and not shelf.path(arm.artifact).exists():
        return None
    return identity_of(artifact_at(arm.artifact, shelf))


def challengers_of(
    section: ReleaseFile, environment: Mapping[str, str], shelf: Shelf
) -> tuple[ChallengerSpec, ...]:
    """The challengers of a checked section; `environment` is the model's, which they begin with."""
    if section.strategy is not Strategy.AB_TEST or section.challengers is None:
        return ()
    return tuple(
        ChallengerSpec(
            label=label_of(one.artifact) if one.label is None else one.label,
            artifact=artifact_at(one.artifact, shelf),
            environment={**environment, **one.environment},
        )
        for one in section.challengers
    )
