"""Each trap of the corpus is refused, by the rule that it is for and by no other of ours."""

import pytest

from gate.check import own_findings
from gate.lint import lint
from gate.rules import RULES
from tests.corpus_traps import Trap, traps

OURS = {rule.id for rule in RULES}
TRAPS = traps()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_trap_is_refused_for_the_right_reason(trap: Trap):
    """Our own rules say one thing of it; what cfn-lint finds is passed on."""
    assembly = trap.assembly()

    ours = {finding.rule for finding in own_findings(assembly) if finding.open}

    assert ours == ({trap.rule} if trap.rule in OURS else set())
    if trap.rule not in OURS:
        assert trap.rule in {finding.rule for finding in lint(assembly) if finding.open}


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.name)
def test_finding_says_where_and_what_to_do(trap: Trap):
    """A place, a sentence and a source; what is allowed or what to do."""
    found = [f for f in own_findings(trap.assembly()) if f.open]

    for finding in found:
        assert finding.place.file in {str(file) for file in trap.files}
        assert finding.place.resource or finding.place.path, trap.name
        assert len(finding.fault.wrong.split()) >= 3
        assert finding.source
        assert finding.fault.got is not None or finding.fault.allowed or finding.fault.advice


def test_corpus_is_large_enough():
    """At least thirty traps, of at least thirty rules."""
    assert len(TRAPS) >= 30
    assert len({trap.rule for trap in TRAPS}) >= 30
