"""Settings of an AI service: read into their kind's own type, with the texts of their files."""

import dataclasses
from collections.abc import Mapping
from typing import Any

from stacks.project.locate import Shelf
from tidegate.ai.kind import Kind
from tidegate.ai.limits import TextFile
from tidegate.ai.typed import Member, members, read
from tidegate.errors import InvalidValueError


def settings_of(kind: Kind, given: Mapping[str, Any], shelf: Shelf) -> Any:
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
