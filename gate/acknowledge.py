"""Findings that somebody means to keep, and says why: metadata in the template.

On a resource, or on the template as a whole with the resource's name:

    Metadata:
      tidegate:
        acknowledged:
          - { rule: bucket-not-empty, reason: "emptied by the nightly job before the stack goes" }
          - { resource: Logs, rule: AwsSolutions-S1, reason: "this is the bucket of access logs" }

Where a rule's id has `${Name}`, it is written `${!Name}`, as in Fn::Sub.
`cdk_nag: { rules_to_suppress: [{ id, reason }] }`, which cdk-nag 2 writes, is read as well.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from gate.finding import Finding
from gate.template import Assembly, Template, below, mappings

KEY = "tidegate"
LEAST_WORDS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One finding that stays: of a stack, a resource ("" for any) and a rule, with its reason."""

    template: Template
    resource: str
    rule: str
    reason: str

    def answers(self, finding: Finding) -> bool:
        """Whether it is about this finding."""
        place = finding.place
        here = place.stack == self.template.stack and place.file == self.template.file
        return here and self.resource in {"", place.resource} and finding.rule == self.rule

    @property
    def reasoned(self) -> bool:
        """Whether the reason says something."""
        return len(self.reason.split()) >= LEAST_WORDS


def rows(template: Template) -> Iterator[Row]:
    """Everything that a template acknowledges."""
    yield from _rows(template, template.body.get("Metadata"), "")
    for id_, resource in template.every.items():
        yield from _rows(template, resource.body.get("Metadata"), id_)


def _rows(template: Template, metadata: Any, id_: str) -> Iterator[Row]:
    for row in mappings(below(metadata, KEY, "acknowledged")):
        yield Row(
            template=template,
            resource=id_ or str(row.get("resource", "")),
            rule=str(row.get("rule", "")).replace("${!", "${"),
            reason=str(row.get("reason", "")),
        )
    for row in mappings(below(metadata, "cdk_nag", "rules_to_suppress")):
        rule, reason = str(row.get("id", "")), str(row.get("reason", ""))
        yield Row(template=template, resource=id_, rule=rule, reason=reason)


def acknowledge(findings: tuple[Finding, ...], assembly: Assembly) -> tuple[Finding, ...]:
    """The findings, with its reason on each that somebody means to keep."""
    known = [row for template in assembly.templates for row in rows(template) if row.reasoned]
    return tuple(_with_reason(finding, known) for finding in findings)


def _with_reason(finding: Finding, known: list[Row]) -> Finding:
    for row in known:
        if row.answers(finding):
            return replace(finding, reason=row.reason)
    return finding
