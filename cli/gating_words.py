"""How the gate's report is told on a terminal."""

from collections.abc import Iterator
from typing import Any

from gate.calls import RULE, SOURCE
from gate.check import Report
from gate.finding import Finding, Severity
from gate.rules import RULES

_WILDCARDS = ("wildcard-resource", "wildcard-action", "pass-any-role")


def report_lines(report: Report, *, wildcards: bool) -> Iterator[str]:
    """Each finding that counts, then how many there were; and who may do what on many resources."""
    for finding in report.open:
        yield from _lines(finding)
    if wildcards:
        yield from _wildcards(report)
    yield _summary(report)


def _lines(finding: Finding) -> Iterator[str]:
    place, fault = finding.place, finding.fault
    where = str(place) + (f":{place.line}" if place.line else "")
    path = f" {place.written_path}" if place.path else ""
    yield f"{finding.severity.value} {finding.rule} ({finding.tool}) {where}{path}"
    got = "" if fault.got is None else f", got {fault.got}"
    allowed = f"; allowed: {fault.allowed}" if fault.allowed else ""
    yield f"  {fault.wrong}{got}{allowed}"
    if fault.advice:
        yield f"  {fault.advice}"
    if finding.source:
        yield f"  source: {finding.source}"


def _wildcards(report: Report) -> Iterator[str]:
    yield "what roles may do on more than one resource:"
    known = {
        (finding.place.stack, finding.place.resource): finding.reason
        for finding in report.findings
        if "IAM5" in finding.rule and finding.reason is not None
    }
    for finding in report.findings:
        if finding.rule in _WILDCARDS:
            place, fault = finding.place, finding.fault
            reason = known.get((place.stack, place.resource), "no reason given")
            yield f"  {place}: {fault.wrong}"
            yield f"    {fault.got} ({reason})"


def _summary(report: Report) -> str:
    kept = sum(finding.reason is not None for finding in report.findings)
    notes = sum(f.severity is Severity.NOTE and f.reason is None for f in report.findings)
    counts = ", ".join(
        f"{sum(f.severity is severity for f in report.open)} {severity.value}s"
        for severity in (Severity.ERROR, Severity.WARNING)
    )
    said = counts if report.open else "nothing found"
    templates = f"{report.templates} template" + ("" if report.templates == 1 else "s")
    return f"{templates}: {said}; {kept} acknowledged, {notes} notes"


def rule_lines() -> Iterator[str]:
    """Our own rules, one a line; cfn-lint and cdk-nag list theirs themselves."""
    for row in rules_json():
        yield f"{row['severity']:7} {row['rule']:24} {row['holds']} ({row['source']})"


def rules_json() -> list[dict[str, Any]]:
    """Our own rules in JSON types."""
    rows = [
        {"rule": r.id, "severity": r.severity.value, "holds": r.holds, "source": r.source}
        for r in RULES
    ]
    call = "calls of boto3 ask for what can be asked for (with --code)"
    rows.append({"rule": RULE, "severity": "error", "holds": call, "source": SOURCE})
    return rows
