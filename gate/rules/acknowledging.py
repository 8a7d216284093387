"""Acknowledgements themselves: one without a reason acknowledges nothing."""

from collections.abc import Iterator

from gate.acknowledge import LEAST_WORDS, rows
from gate.finding import Fault
from gate.rule import Rule, each_template
from gate.template import Template


@each_template
def _reasons(template: Template) -> Iterator[Fault]:
    for row in rows(template):
        if not row.reasoned or not row.rule:
            yield template.fault(
                ("Resources", row.resource, "Metadata") if row.resource else ("Metadata",),
                f"the acknowledgement of {row.rule or 'no rule'} gives no reason",
                got=row.reason,
                allowed=f"rule and reason, a sentence of at least {LEAST_WORDS} words",
            )


RULES = (
    Rule(
        id="acknowledgement-reason",
        holds="whoever keeps a finding says why",
        source="docs/how-to/check-templates.md",
        check=_reasons,
    ),
)
