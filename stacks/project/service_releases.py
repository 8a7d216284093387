"""Releases of AI services: what is wrong with them, and their specification."""

from collections.abc import Iterator, Mapping
from typing import Any

from stacks.project.faults import Fault
from stacks.project.locate import Shelf
from stacks.project.release_shape import ReleaseFile
from stacks.project.releases import mechanism_of, plan_faults, plan_of
from stacks.project.service_release_shape import ServiceReleaseFile
from stacks.project.service_settings import settings_of
from stacks.project.service_shape import ServiceFile
from stacks.project.source import Location, Source
from stacks.project.spec import ServiceArmSpec, ServiceReleaseSpec
from tidegate.ai.kind import Kind, Place
from tidegate.ai.kinds import kind_named
from tidegate.errors import InvalidValueError
from tidegate.fleet import Fleet, Hosting, fleet_faults
from tidegate.strategies import LEGAL, Mechanism, Split, Strategy

FLEET = Fleet(instance_type="", instances=0, start_seconds=0, hosting=Hosting.MANAGED)
"""What a service runs on: nothing of ours."""
MOST_OWN_ARMS = 5
"""Arms with resources of their own: functions are told of each, and an environment has 4 KB."""
_ANYWHERE = Place(project="p", stage="s", service="n")


def as_release(file: ServiceReleaseFile) -> ReleaseFile:
    """The same as a release of a model whose versions are named by labels, drawn by the router."""
    given = file.model_dump(exclude_unset=True, exclude={"challengers"})
    named = [
        {"artifact": challenger.label, "label": challenger.label}
        for challenger in ([] if file.challengers is None else file.challengers)
    ]
    arms = {} if file.challengers is None else {"challengers": named}
    legal = LEGAL[file.strategy]
    weights = Mechanism.WEIGHTS in legal.mechanisms
    by = {
        "split": Split.ROUTER,
        "mechanism": Mechanism.WEIGHTS if weights else legal.default,
    }
    return ReleaseFile.model_validate({"strategy": file.strategy, **given, **arms, **by})


def service_release_faults(
    source: Source, at: Location, service: ServiceFile, shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the release of the service at a location."""
    file = service.release
    if file is None:
        return
    here, section = (*at, "release"), as_release(file)
    for message in fleet_faults(section.strategy, mechanism_of(section), FLEET):
        yield source.fault((*here, "strategy"), message)
    yield from plan_faults(source, here, section, None)
    kind = kind_named(service.kind)
    arms = 1 + len(file.challengers or [])
    if kind.has_own and arms > MOST_OWN_ARMS:
        words = (
            f"{arms} arms of {kind.name}, at most {MOST_OWN_ARMS}: each has resources of its own"
        )
        yield source.fault((*here, "challengers"), words)
    for place, challenger in enumerate(file.challengers or []):
        where = (*here, "challengers", place, "settings")
        merged = {**service.settings, **challenger.settings}
        for message in _arm_faults(kind, service.settings, merged, shelf):
            yield source.fault(where, f"challenger {challenger.label}: {message}")


def _arm_faults(
    kind: Kind, own: Mapping[str, Any], arm: Mapping[str, Any], shelf: Shelf
) -> Iterator[str]:
    """What is wrong with the settings of an arm; arms share what is not `Kind.own`."""
    try:
        first, settings = settings_of(kind, own, shelf), settings_of(kind, arm, shelf)
    except InvalidValueError as error:
        yield from error.faults
        return
    yield from kind.faults(settings)
    if settings == first:
        yield "the same settings as the service's own: say what is tested"
    shared = (kind.resources, kind.door, kind.work)
    if any(said(settings, _ANYWHERE) != said(first, _ANYWHERE) for said in shared):
        yield (
            "these settings need other resources or rights than arms of this kind have of their "
            "own: make two services, or test settings that need none"
        )


def service_release_of(service: ServiceFile, shelf: Shelf) -> ServiceReleaseSpec | None:
    """The release of a service without faults; None where new settings are live at once."""
    file = service.release
    if file is None:
        return None
    kind = kind_named(service.kind)
    challengers = file.challengers if file.strategy is Strategy.AB_TEST else None
    return ServiceReleaseSpec(
        plan=plan_of(as_release(file), FLEET),
        challengers=tuple(
            ServiceArmSpec(
                label=one.label,
                settings=settings_of(kind, {**service.settings, **one.settings}, shelf),
            )
            for one in challengers or ()
        ),
    )
