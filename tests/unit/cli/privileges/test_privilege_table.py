"""The table of least privilege: proofs and sources beside rights."""

from pathlib import Path

from cli.privileges.page import page, role_lines
from cli.privileges.proofs import Proof, from_text, kept, to_text
from cli.privileges.rights import Right, RoleRights
from cli.privileges.table import NEITHER, PROVEN, REQUIRED, counted, tables, without_proof

PROVEN_RIGHT = Right(role="WorkRole", action="a:One", resource="Table")
LOGGED = Right(role="WorkRole", action="logs:PutLogEvents", resource="WorkLog")
LOOSE = Right(role="WorkRole", action="b:Two", resource="*")
ROLE = RoleRights(
    role="WorkRole", taken_by="lambda.amazonaws.com", rights=(PROVEN_RIGHT, LOOSE, LOGGED)
)
PROOF = Proof(right=PROVEN_RIGHT, story="work_is_done")


def test_a_right_is_proven_required_or_neither():
    """And only what is neither is a fault."""
    found = tables([ROLE], {PROVEN_RIGHT: PROOF})
    assert [row.verdict for row in found[0].rows] == [PROVEN, NEITHER, REQUIRED]
    assert without_proof(found) == [LOOSE]
    assert counted(found) == {PROVEN: 1, REQUIRED: 1, NEITHER: 1}


def test_the_log_of_another_function_needs_a_proof():
    """Only the own log is what AWS says a function needs."""
    other = Right(role="WorkRole", action="logs:PutLogEvents", resource="OtherLog")
    found = tables([RoleRights(role="WorkRole", taken_by="x", rights=(other,))], {})
    assert without_proof(found) == [other]


def test_proofs_are_read_as_they_were_written(tmp_path: Path):
    """In one order, whatever order the stories had; a folder is the union of its files."""
    other = Proof(right=LOOSE, story="else")
    assert to_text([PROOF, other]) == to_text([other, PROOF])
    assert from_text(to_text([PROOF])) == [PROOF]
    assert from_text(to_text([])) == []
    (tmp_path / "a.json").write_text(to_text([PROOF]))
    (tmp_path / "b.json").write_text(to_text([other]))
    assert kept(tmp_path) == {PROVEN_RIGHT: PROOF, LOOSE: other}


def test_the_terminal_says_what_proves_each_right():
    """A line a right, with the story or the source."""
    (table,) = tables([ROLE], {PROVEN_RIGHT: PROOF})
    lines = list(role_lines(table))
    assert lines[0] == "WorkRole (lambda.amazonaws.com)"
    assert lines[1] == "  a:One on Table: proven by work_is_done"
    assert lines[2] == "  b:Two on *: neither"
    assert lines[3].startswith("  logs:PutLogEvents on WorkLog: required by AWS, not exercised")


def test_the_page_counts_and_numbers_its_sources():
    """Each source is told once, and referred to by number."""
    text = page(tables([ROLE], {PROVEN_RIGHT: PROOF}))
    assert "1 roles, 3 rights: 1 proven, 1 required by AWS, not exercised here, 1 neither." in text
    assert "| `a:One` | `Table` | `work_is_done` |" in text
    assert "| `b:Two` | `*` | **neither** |" in text
    assert "| `logs:PutLogEvents` | `WorkLog` | [1](#sources) |" in text
    assert "\n1. Lambda developer guide" in text
