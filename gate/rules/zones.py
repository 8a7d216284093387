"""Availability zones that CDK makes up where it was not told any and no look-up was made."""

from collections.abc import Iterator
from typing import Any

from gate.finding import Fault, Path
from gate.rule import Rule, each_template
from gate.template import Template

MADE_UP = ("dummy1a", "dummy1b", "dummy1c")


@each_template
def _zones(template: Template) -> Iterator[Fault]:
    for resource in template.every.values():
        for path, zone in _found(resource.properties, ()):
            yield resource.fault(
                path,
                "this availability zone does not exist",
                got=zone,
                allowed="zones of the region, such as eu-west-1a",
                advice="give the VPC availability_zones, or leave the stack's region open",
            )


def _found(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str) and value in MADE_UP:
        yield path, value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from _found(inner, (*path, key))
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _found(inner, (*path, index))


RULES = (
    Rule(
        id="made-up-zone",
        holds="no availability zone is made up",
        source="CDK: Vpc in a stack with account and region, without a look-up",
        check=_zones,
    ),
)
