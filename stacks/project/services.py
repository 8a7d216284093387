"""AI services of the project file: what is wrong with them, and their specification."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault
from stacks.project.locate import Shelf
from stacks.project.service_releases import service_release_faults, service_release_of
from stacks.project.service_settings import settings_of
from stacks.project.service_shape import ServiceFile
from stacks.project.source import Location, Source
from stacks.project.spec import ServiceSpec
from tidegate.ai.kind import Kind
from tidegate.ai.kinds import kind_named
from tidegate.ai.typed import members
from tidegate.errors import InvalidValueError


def service_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the service at a location, settings and files and all."""
    try:
        file = ServiceFile.model_validate(raw)
    except ValidationError:
        return  # its shape is told of already
    if seconds_of(file.keep) % DAY or not 1 <= seconds_of(file.keep) // DAY <= 3_650:
        words = f"keep is {file.keep!r}, must be whole days from 1d to 3650d"
        yield source.fault((*at, "keep"), words)
    kind = kind_named(file.kind)
    here = (*at, "settings") if "settings" in raw else at
    try:
        settings = settings_of(kind, file.settings, shelf)
    except InvalidValueError as error:
        for fault in error.faults:
            key = fault.partition(" ")[0].partition(".")[0].partition("[")[0]
            there = (*here, key) if key in file.settings else here
            yield source.fault(there, f"settings.{fault}" if key in _names(kind) else fault)
        return
    for fault in kind.faults(settings):
        yield source.fault((*here, fault.partition(" ")[0]), f"settings.{fault}")
    for fault in _outcome_faults(source, kind.outcomes_of(settings)):
        yield source.fault(here, fault)
    yield from service_release_faults(source, at, file, shelf)
    models = source.value.get("models")
    if file.release is not None and isinstance(models, Mapping) and at[-1] in models:
        words = f"{at[-1]} is a model as well: what is released has a name of its own"
        yield source.fault(at, words)


def _outcome_faults(source: Source, model: str | None) -> Iterator[str]:
    """What keeps outcomes from being told of a model: they go by files of the stage."""
    if model is None:
        return
    models = source.value.get("models")
    if not isinstance(models, Mapping) or model not in models:
        known = ", ".join(models) if isinstance(models, Mapping) else "none"
        yield f"settings.from_model.model is {model!r}, the project has: {known}"
    stages = source.value.get("stages")
    for name, stage in stages.items() if isinstance(stages, Mapping) else ():
        if isinstance(stage, Mapping) and stage.get("outcome_files") is None:
            yield (
                "settings.from_model needs files of outcomes: say "
                f"stages.{name}.outcome_files: {{ keep: 30d }}"
            )


def _names(kind: Kind) -> tuple[str, ...]:
    return tuple(member.name for member in members(kind.settings))


def service_of(name: str, file: ServiceFile, shelf: Shelf) -> ServiceSpec:
    """The specification of a service without faults."""
    settings = settings_of(kind_named(file.kind), file.settings, shelf)
    return ServiceSpec(
        name=name,
        kind=file.kind,
        settings=settings,
        requests_per_minute=file.requests_per_minute,
        keep_days=seconds_of(file.keep) // DAY,
        label=name if file.label is None else file.label,
        release=service_release_of(file, shelf),
        outcomes_of=kind_named(file.kind).outcomes_of(settings),
    )
