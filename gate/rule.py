"""A rule: an id, what it holds true, who says so, and the check itself.

A rule is a row of a module in `gate/rules`; to add one, write a module with `RULES` and name it in
`gate/rules/__init__.py`.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import wraps

from gate.finding import Fault, Finding, Severity
from gate.template import Assembly, Resource, Template

Check = Callable[[Assembly], Iterator[Fault]]

TOOL = "tidegate"


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What must hold, how bad it is if it does not, and where that is written."""

    id: str
    holds: str
    source: str
    check: Check
    severity: Severity = Severity.ERROR

    def findings(self, assembly: Assembly) -> Iterator[Finding]:
        """Every place where the rule does not hold."""
        for fault in self.check(assembly):
            yield Finding(
                tool=TOOL, rule=self.id, severity=self.severity, fault=fault, source=self.source
            )


def each(*kinds: str) -> Callable[[Callable[[Resource], Iterator[Fault]]], Check]:
    """A check of every resource of some types, from a check of one of them."""

    def made(one: Callable[[Resource], Iterator[Fault]]) -> Check:
        @wraps(one)
        def check(assembly: Assembly) -> Iterator[Fault]:
            for resource in assembly.of(*kinds):
                yield from one(resource)

        return check

    return made


def each_template(one: Callable[[Template], Iterator[Fault]]) -> Check:
    """A check of every template, from a check of one of them."""

    @wraps(one)
    def check(assembly: Assembly) -> Iterator[Fault]:
        for template in assembly.templates:
            yield from one(template)

    return check
