"""A review in words."""

from collections.abc import Iterator, Sequence

from cli.review.findings import FailOn, Finding, Review, counted

SHOWN = 20
"""Findings that are listed; the report has all."""
_WORST = 3


def review_lines(review: Review, bar: FailOn) -> Iterator[str]:
    """Every finding up to a number, the worst first, and how the review ended."""
    yield from (finding_line(each) for each in review.findings[:SHOWN])
    more = len(review.findings) - SHOWN
    if more > 0:
        yield f"... and {more} more"
    tools = " and ".join(review.tools)
    files = f"{review.files} file{'' if review.files == 1 else 's'}"
    yield f"{tools} in {files}: {counted(review.findings)}"
    failing = len(review.failing(bar))
    if bar is FailOn.NEVER:
        yield "the review passes: fail_on is never"
    elif failing:
        yield f"the review fails: {failing} of severity {bar} or worse"
    else:
        yield f"the review passes: none of severity {bar} or worse"


def finding_line(finding: Finding) -> str:
    """One finding: place, tool, rule, severity, text."""
    return f"{finding.place}: {finding.severity}: {finding.text} ({finding.tool} {finding.rule})"


def told(findings: Sequence[Finding]) -> Iterator[str]:
    """How many a pipeline's review found, and the worst of them."""
    yield f"review: {counted(findings)}"
    yield from (f"  {finding_line(each)}" for each in findings[:_WORST])
