"""CloudFormation's limits of a template."""

import re
from collections.abc import Iterator

from gate.finding import Fault, Severity
from gate.rule import Rule, each_template
from gate.template import Template

MOST_RESOURCES = 500
MOST_BYTES = 1_000_000
MOST_DYNAMIC_REFERENCES = 60
_FULL = 0.9
"""From here on the next component may not fit."""

_GUIDE = "CloudFormation user guide, CloudFormation quotas"
_REFERENCE = re.compile(r"\{\{resolve:[^}]+\}\}")


def _sizes(template: Template) -> Iterator[tuple[str, int, int]]:
    yield "resources", len(template.every), MOST_RESOURCES
    yield "bytes", len(template.text), MOST_BYTES
    yield "outputs", len(template.body.get("Outputs") or {}), 200
    yield "parameters", len(template.body.get("Parameters") or {}), 200


@each_template
def _size(template: Template) -> Iterator[Fault]:
    for what, size, most in _sizes(template):
        if size > most:
            yield template.fault(
                (),
                f"too many {what}",
                got=size,
                allowed=f"at most {most}",
                advice="split the stack",
            )


@each_template
def _full(template: Template) -> Iterator[Fault]:
    for what, size, most in _sizes(template):
        if _FULL * most < size <= most:
            yield template.fault(
                (),
                f"nearly too many {what}",
                got=size,
                allowed=f"at most {most}",
                advice="split the stack before the next component",
            )


@each_template
def _references(template: Template) -> Iterator[Fault]:
    found = len(_REFERENCE.findall(template.text))
    if found > MOST_DYNAMIC_REFERENCES:
        allowed = f"at most {MOST_DYNAMIC_REFERENCES}"
        yield template.fault((), "too many dynamic references", got=found, allowed=allowed)


RULES = (
    Rule(
        id="template-size",
        holds="a template has at most 500 resources, 1 MB, 200 outputs and parameters",
        source=_GUIDE,
        check=_size,
    ),
    Rule(
        id="template-nearly-full",
        holds="a template has room for the next component",
        source=_GUIDE,
        check=_full,
        severity=Severity.WARNING,
    ),
    Rule(
        id="dynamic-references",
        holds="a template has at most 60 dynamic references",
        source=_GUIDE,
        check=_references,
    ),
)
