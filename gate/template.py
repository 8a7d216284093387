"""Templates as the rules see them: resources with their place, and what intrinsics say."""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any

from gate.finding import Fault, Path, Place

Json = Mapping[str, Any]

_IN_TEXT = re.compile(r"\$\{(?!!)([^}]+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Resource:
    """A resource of a template."""

    template: "Template"
    id: str
    body: Json

    @property
    def kind(self) -> str:
        """Its type, such as AWS::S3::Bucket."""
        return str(self.body.get("Type", ""))

    @property
    def properties(self) -> Json:
        """Its properties; none where it has none."""
        given = self.body.get("Properties")
        return given if isinstance(given, Mapping) else {}

    def at(self, *path: str | int) -> Any:
        """What is below the properties; None where it is not there."""
        return below(self.properties, *path)

    def fault(self, path: Path, wrong: str, **said: Any) -> Fault:
        """A fault below the properties of this resource."""
        return self.fault_at(("Properties", *path), wrong, **said)

    def fault_at(self, path: Path, wrong: str, **said: Any) -> Fault:
        """A fault below this resource."""
        template = self.template
        place = Place(file=template.file, stack=template.stack, resource=self.id, path=path)
        return Fault(place=place, wrong=wrong, **said)


@dataclass(frozen=True, kw_only=True)
class Template:
    """A template, its stack, and where that stack goes; None is not known."""

    stack: str
    file: str
    body: Json
    region: str | None = None
    account: str | None = None
    protected: bool | None = None
    """Termination protection, as the assembly's manifest says."""

    @cached_property
    def every(self) -> Mapping[str, Resource]:
        """All resources by logical id."""
        given = self.body.get("Resources")
        found = given.items() if isinstance(given, Mapping) else ()
        return {
            str(id_): Resource(template=self, id=str(id_), body=body)
            for id_, body in found
            if isinstance(body, Mapping)
        }

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of some types."""
        return (resource for resource in self.every.values() if resource.kind in kinds)

    def fault(self, path: Path, wrong: str, **said: Any) -> Fault:
        """A fault of the template as a whole."""
        return Fault(place=Place(file=self.file, stack=self.stack, path=path), wrong=wrong, **said)

    @cached_property
    def text(self) -> str:
        """The template as JSON."""
        return json.dumps(self.body, default=str)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assembly:
    """Templates that are deployed together, and what was deployed before where that is known."""

    templates: tuple[Template, ...]
    regions: tuple[str, ...] = ()
    """Where templates go that say no region."""
    before: tuple[Template, ...] = ()
    folders: tuple[FilePath, ...] = field(default=())
    """Cloud assemblies the templates came from, with their assets."""

    def of(self, *kinds: str) -> Iterator[Resource]:
        """The resources of some types, in all templates."""
        for template in self.templates:
            yield from template.of(*kinds)

    def regions_of(self, template: Template) -> tuple[str, ...]:
        """Where a template may go."""
        return self.regions if template.region is None else (template.region,)


def below(value: Any, *path: str | int) -> Any:
    """What is at a path of mappings and lists; None where it is not there."""
    for key in path:
        if isinstance(value, Mapping):
            value = value.get(key)
        elif isinstance(value, list) and isinstance(key, int) and key < len(value):
            value = value[key]
        else:
            return None
    return value


def items(value: Any) -> list[Any]:
    """A list as it is, one thing as a list of it, nothing as an empty one."""
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def mappings(value: Any) -> list[Json]:
    """The mappings of a list, or the one mapping that stands for a list."""
    return [each for each in items(value) if isinstance(each, Mapping)]


def references(value: Any) -> Iterator[str]:
    """Logical ids and parameters that a value needs: Ref, GetAtt, and names in Sub."""
    if isinstance(value, list):
        for each in value:
            yield from references(each)
    if not isinstance(value, Mapping):
        return
    for key, inner in value.items():
        if key == "Ref" and isinstance(inner, str):
            yield inner
        elif key == "Fn::GetAtt":
            yield str(inner).split(".", maxsplit=1)[0] if isinstance(inner, str) else str(inner[0])
        elif key == "Fn::Sub":
            text = inner if isinstance(inner, str) else inner[0]
            yield from (name.split(".")[0] for name in _IN_TEXT.findall(str(text)))
            yield from references([] if isinstance(inner, str) else inner[1])
        else:
            yield from references(inner)


def target(value: Any) -> str:
    """The logical id that a value is a Ref or GetAtt of; "" for anything else."""
    if isinstance(value, Mapping) and len(value) == 1 and set(value) & {"Ref", "Fn::GetAtt"}:
        return next(references(value), "")
    return ""


def text_of(value: Any) -> str | None:
    """A text with `${...}` for what is filled in at deploy; None for what is no text at all."""
    if isinstance(value, str):
        return value
    if not isinstance(value, Mapping) or len(value) != 1:
        return None
    ((key, inner),) = value.items()
    known = _WRITTEN.get(str(key))
    return f"${{{key}}}" if known is None else known(inner)


def _reference(inner: Any) -> str:
    return f"${{{inner if isinstance(inner, str) else '.'.join(map(str, inner))}}}"


def _substituted(inner: Any) -> str:
    return str(inner if isinstance(inner, str) else inner[0])


def _joined(inner: Any) -> str:
    parts = [text_of(part) for part in items(inner[1])]
    return str(inner[0]).join("${?}" if part is None else part for part in parts)


_WRITTEN: Mapping[str, Callable[[Any], str]] = {
    "Ref": _reference,
    "Fn::GetAtt": _reference,
    "Fn::Sub": _substituted,
    "Fn::Join": _joined,
}


def literal(value: Any) -> str | None:
    """A text that is fully known before the deploy."""
    return value if isinstance(value, str) and not _IN_TEXT.search(value) else None


def least_length(value: Any) -> int:
    """The length that a text has at least, whatever is filled in."""
    text = text_of(value)
    if text is None:
        return 0
    filled = text.replace("${AWS::AccountId}", "1" * 12).replace("${AWS::Region}", "r" * 9)
    return len(_IN_TEXT.sub("", filled))
