"""Writes the reference of the kinds of AI services: `python -m stacks.project.service_page`.

A test checks that it was.
"""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from tidegate.ai.kind import Kind, Route
from tidegate.ai.kinds import KINDS, kind_named
from tidegate.ai.limits import TextFile
from tidegate.ai.schemas import schema
from tidegate.ai.typed import members

PAGE_FILE = Path(__file__).parents[2] / "docs" / "reference" / "ai-services.md"
_HEAD = """\
# Kinds of AI services

What a service of section `services` can be: its settings, its routes below `/ai/NAME/`, the files
that it works on. Written by `python -m stacks.project.service_page` from the declarations in
`lambda/tidegate/ai`; `tidegate ai openapi` describes the routes of a project in full. How to use
them: [use AI services](../how-to/use-ai-services.md). Which service of AWS is open to new accounts:
[services of AWS](aws-services.md).
"""
_TABLE = ["| key | value | default | meaning |", "| --- | --- | --- | --- |"]


def page_text() -> str:
    """The page, as it stands in the docs."""
    return "\n".join([_HEAD, *(line for name in KINDS for line in _kind(kind_named(name)))]) + "\n"


def _kind(kind: Kind) -> Iterator[str]:
    yield from (f"## {kind.name}", "", f"{kind.title}. {kind.job}.", "")
    if members(kind.settings):
        yield from ("Settings:", "", *_TABLE, *_rows(kind.settings), "")
    yield from ("| route | does | fields |", "| --- | --- | --- |")
    yield from (_route(route) for route in kind.routes)
    yield ""
    if kind.arrivals:
        yield from ("| files below | whose names end with | what is done |", "| --- | --- | --- |")
        for arrival in kind.arrivals:
            ends = ", ".join(f"`{suffix}`" for suffix in arrival.suffixes) or "anything"
            yield f"| `in/{arrival.prefix}/` | {ends} | {arrival.says} |"
        yield ""


def _rows(settings: type) -> Iterator[str]:
    said = schema(settings)["properties"]
    for member in members(settings):
        is_file = any(isinstance(limit, TextFile) for limit in member.limits)
        value = "a file's path" if is_file else words_of(said[member.name])
        default = "required" if member.required else _default(member.default)
        yield f"| `{member.name}` | {value} | {default} | {member.meaning} |"


def _default(value: Any) -> str:
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ", ".join(f"`{entry}`" for entry in value) or "none"
    return f"`{value}`"


def words_of(said: Mapping[str, Any]) -> str:
    """What a schema allows, in a few words."""
    kinds = said.get("type", "anything")
    kind = next(k for k in kinds if k != "null") if isinstance(kinds, list) else str(kinds)
    if "enum" in said:
        return "one of " + ", ".join(f"`{value}`" for value in said["enum"] if value is not None)
    if kind == "array":
        return f"list of {words_of(said['items'])}"
    if "minimum" in said:
        return f"{said['minimum']:g} to {said['maximum']:g}"
    names = {"string": "text", "integer": "whole number", "boolean": "true or false"}
    return names.get(kind, kind)


def _route(route: Route) -> str:
    fields = ", ".join(
        f"`{member.name}`" if member.required else f"[`{member.name}`]"
        for member in members(route.takes)
    )
    return f"| `{route.method} {route.below}` | {route.says} | {fields} |"


if __name__ == "__main__":
    PAGE_FILE.write_text(page_text(), encoding="utf-8")
