"""AI services of the project file: what is wrong with them, and their specification."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault
from stacks.project.locate import Shelf
from stacks.project.service_shape import ServiceFile
from stacks.project.source import Location, Source
from stacks.project.spec import ServiceSpec
from tidegate.ai.kind import Kind
from tidegate.ai.kinds import kind_named
from tidegate.ai.limits import TextFile
from tidegate.ai.typed import Member, members, read
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
        settings = _settings(kind, file.settings, shelf)
    except InvalidValueError as error:
        for fault in error.faults:
            key = fault.partition(" ")[0].partition(".")[0].partition("[")[0]
            there = (*here, key) if key in file.settings else here
            yield source.fault(there, f"settings.{fault}" if key in _names(kind) else fault)
        return
    for fault in kind.faults(settings):
        yield source.fault((*here, fault.partition(" ")[0]), f"settings.{fault}")


def _names(kind: Kind) -> tuple[str, ...]:
    return tuple(member.name for member in members(kind.settings))


def service_of(name: str, file: ServiceFile, shelf: Shelf) -> ServiceSpec:
    """The specification of a service without faults."""
    return ServiceSpec(
        name=name,
        kind=file.kind,
        settings=_settings(kind_named(file.kind), file.settings, shelf),
        requests_per_minute=file.requests_per_minute,
        keep_days=seconds_of(file.keep) // DAY,
    )


def _settings(kind: Kind, given: Mapping[str, Any], shelf: Shelf) -> Any:
    """The settings, with the texts of files in them; InvalidValueError with all faults."""
    settings: Any = read(kind.settings, given, what="settings")
    texts: dict[str, str] = {}
    faults: list[str] = []
    for member in members(kind.settings):
        value = getattr(settings, member.name)
        for limit in member.limits:
            if isinstance(limit, TextFile) and value is not None:
                texts[member.name] = _text(member, str(value), limit, (shelf, faults))
    if faults:
        raise InvalidValueError(faults)
    return dataclasses.replace(settings, **texts)


def _text(member: Member, given: str, limit: TextFile, into: tuple[Shelf, list[str]]) -> str:
    shelf, faults = into
    path = shelf.path(given)
    if not path.is_file():
        faults.append(f"{member.name} is {given!r}: no such file; {member.meaning}".rstrip("."))
        return ""
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        faults.append(f"{member.name} is {given!r}: the file is not UTF-8")
        return ""
    faults.extend(f"{member.name} is {given!r}: {fault}" for fault in limit.check(text))
    return text
