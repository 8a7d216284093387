"""cfn-lint over templates; each of its findings is passed on.

A template is linted once, for its own region: what differs between regions is which types there
are, which rule `type-in-region` looks up for every one of them.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from gate.finding import Fault, Finding, Place, Severity
from gate.template import Assembly, Template, below, text_of

TOOL = "cfn-lint"
DEFAULT_REGION = "us-east-1"
_SEVERITIES = {"error": Severity.ERROR, "warning": Severity.WARNING}
_MISSING_TYPE = "E3006"
"""Said by `type-in-region` too, for every region: where that says it, this is left out."""


def lint(assembly: Assembly) -> Iterator[Finding]:
    """What cfn-lint finds in the templates."""
    by_region: dict[str, dict[str, Template]] = {}
    for template in assembly.templates:
        region = next(iter(assembly.regions_of(template)), DEFAULT_REGION)
        by_region.setdefault(region, {})[template.file] = template
    for region, templates in by_region.items():
        for match in matches(templates, region=region):
            template = templates[match.filename]
            if match.rule.id != _MISSING_TYPE or not _known(template, match):
                yield _finding(template, match)


def matches(files: Iterable[str], *, region: str) -> list[Any]:
    """What cfn-lint finds in template files that go to a region; its rules are loaded once."""
    from cfnlint.api import ManualArgs, lint_by_config  # noqa: PLC0415 - takes a second

    return list(lint_by_config(ManualArgs(templates=list(files), regions=[region])))


def _known(template: Template, match: Any) -> bool:
    from gate.schemas import schema_of  # noqa: PLC0415 - after cfn-lint

    resource = template.every.get(_resource(match))
    return resource is not None and schema_of(resource.kind) is not None


def _path(match: Any) -> tuple[str | int, ...]:
    found = getattr(match, "path", None)
    return tuple(key if isinstance(key, int) else str(key) for key in found or ())


def _resource(match: Any) -> str:
    path = _path(match)
    return str(path[1]) if len(path) > 1 and path[0] == "Resources" else ""


def _finding(template: Template, match: Any) -> Finding:
    path, resource = _path(match), _resource(match)
    place = Place(
        file=template.file,
        stack=template.stack,
        resource=resource,
        path=path[2:] if resource else path,
        line=match.linenumber,
    )
    got = _value(template, path)
    return Finding(
        tool=TOOL,
        rule=match.rule.id,
        severity=_SEVERITIES.get(match.rule.severity.lower(), Severity.NOTE),
        fault=Fault(place=place, wrong=str(match.message), got=got),
        source=str(match.rule.source_url),
    )


def _value(template: Template, path: tuple[str | int, ...]) -> Any:
    """What stands at the path, where it is short enough to be shown."""
    value = below(template.body, *path)
    if isinstance(value, Mapping):
        return text_of(value)
    return value if isinstance(value, str | int | float) else None
