"""The gate: every check of templates, all findings at once."""

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from gate.acknowledge import acknowledge
from gate.calls import calls_faults
from gate.finding import Finding
from gate.lint import lint
from gate.nag import Nag
from gate.rules import RULES
from gate.template import Assembly


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What was found, the worst first, and in how many templates."""

    findings: tuple[Finding, ...]
    templates: int

    @property
    def open(self) -> tuple[Finding, ...]:
        """What counts: nobody acknowledged it, and it is more than a note."""
        return tuple(finding for finding in self.findings if finding.open)

    def to_json(self) -> dict[str, object]:
        """The report in JSON types."""
        return {
            "templates": self.templates,
            "passed": not self.open,
            "findings": [finding.to_json() for finding in self.findings],
        }


def own_findings(assembly: Assembly) -> tuple[Finding, ...]:
    """What our own rules find; neither cfn-lint's nor cdk-nag's."""
    found = tuple(finding for rule in RULES for finding in rule.findings(assembly))
    return acknowledge(found, assembly)


def check(assembly: Assembly, *, code: Sequence[Path] = (), path: str | None = None) -> Report:
    """Our rules, cfn-lint and cdk-nag over an assembly; and calls of AWS in Python code.

    `path` is where Node is looked for.
    """
    with closing(Nag(assembly, path=path)) as nag:
        # cdk-nag starts meanwhile.
        ours = own_findings(assembly)
        found = (*ours, *acknowledge(tuple(lint(assembly)), assembly))
        found += acknowledge(nag.findings(), assembly)
    found += tuple(calls_faults(code))
    order = sorted(found, key=lambda f: (f.severity.rank, f.place.stack, f.place.resource, f.rule))
    return Report(findings=tuple(order), templates=len(assembly.templates))
