"""What a review found: each finding with its place and weight, and when findings fail a review."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Severity(StrEnum):
    """How bad a finding is, the worst first."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"

    @property
    def rank(self) -> int:
        """0 is the worst."""
        return list(Severity).index(self)


class Engine(StrEnum):
    """Who reviews."""

    ANALYSERS = "analysers"
    CODEGURU_REVIEWER = "codeguru-reviewer"


class FailOn(StrEnum):
    """From which severity on findings fail a review."""

    HIGH = "high"
    MEDIUM = "medium"
    LOW = "low"
    NEVER = "never"

    def fails(self, severity: Severity) -> bool:
        """Whether a finding of that severity fails the review."""
        return self is not FailOn.NEVER and severity.rank <= Severity(self.value).rank


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One finding; `path` is relative to the reviewed folder, lines count from 1."""

    path: str
    line: int
    tool: str
    rule: str
    severity: Severity
    text: str

    @property
    def place(self) -> str:
        """File and line, as editors take them."""
        return f"{self.path}:{self.line}"

    def to_json(self) -> dict[str, Any]:
        """The finding in JSON types."""
        return {
            "path": self.path,
            "line": self.line,
            "tool": self.tool,
            "rule": self.rule,
            "severity": self.severity.value,
            "text": self.text,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Review:
    """Every finding, the worst first, of so many files by those tools."""

    findings: tuple[Finding, ...]
    files: int
    tools: tuple[str, ...]

    def failing(self, bar: FailOn) -> tuple[Finding, ...]:
        """The findings that reach the bar."""
        return tuple(each for each in self.findings if bar.fails(each.severity))


def worst_first(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """By severity, then by place; a finding that is told twice is there once."""
    return tuple(
        sorted(
            set(findings),
            key=lambda each: (each.severity.rank, each.path, each.line, each.tool, each.rule),
        )
    )


def counted(findings: Iterable[Finding]) -> str:
    """How many there are, and of which severity: `3 findings (1 high, 2 low)`."""
    counts = Counter(each.severity for each in findings)
    total = sum(counts.values())
    if not total:
        return "no findings"
    listed = ", ".join(
        f"{counts[severity]} {severity}" for severity in Severity if counts[severity]
    )
    return f"{total} finding{'' if total == 1 else 's'} ({listed})"
