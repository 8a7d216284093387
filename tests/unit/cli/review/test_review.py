"""A review: which code is the project's own, what analysers say of it, and what is reported."""

import json
import re
from pathlib import Path

import pytest

from cli.exits import CommandError
from cli.review import analysers
from cli.review.analysers import REQUIREMENTS, analysed
from cli.review.findings import FailOn, Finding, Review, Severity, counted, worst_first
from cli.review.junit import findings_of, write_report
from cli.review.sources import own_code
from cli.review.words import review_lines
from emulator.codebuild.junit import read_cases

DEV = Path(__file__).parents[4] / "requirements-dev.txt"
BAD = """\
import os
import subprocess

def run(text, seen=[]):
    subprocess.call(text, shell=True)
    return unknown
"""


def finding(severity: Severity, *, line: int = 1, text: str = "text") -> Finding:
    """One finding."""
    return Finding(path="a.py", line=line, tool="ruff", rule="F821", severity=severity, text=text)


def test_own_code_is_what_the_project_wrote(tmp_path: Path):
    """No environment, no build, nothing that is excluded, no link."""
    for name in ("a.py", "src/b.py", "src/old/c.py", ".venv/d.py", "build/e.py", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text("")
    (tmp_path / "link.py").symlink_to(tmp_path / "a.py")
    assert own_code(tmp_path, paths=["."], exclude=["src/old"]) == ["a.py", "src/b.py"]
    assert own_code(tmp_path, paths=["src/b.py", "src"], exclude=[]) == [
        "src/b.py",
        "src/old/c.py",
    ]


def test_analysers_find_what_is_there(tmp_path: Path):
    """With file and line, the worst first; rules to ignore do not count, broken code does."""
    (tmp_path / "bad.py").write_text(BAD)
    (tmp_path / "broken.py").write_text("def f(:\n")
    review = analysed(tmp_path, ["bad.py", "broken.py"], ignore=frozenset({"B404"}))
    found = [each for each in review.findings if each.path == "bad.py"]
    assert [(each.place, each.rule, each.severity.value) for each in found] == [
        ("bad.py:5", "B602", "high"),
        ("bad.py:6", "F821", "high"),
        ("bad.py:4", "B006", "medium"),
        ("bad.py:1", "F401", "low"),
    ]
    broken = [each for each in review.findings if each.path == "broken.py"]
    assert {each.tool for each in broken} == {"ruff", "bandit"}
    assert {each.severity for each in broken} == {Severity.HIGH}


def test_a_missing_analyser_is_named_with_its_remedy(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The requirements that install it."""
    monkeypatch.setattr(analysers.sys, "executable", str(tmp_path / "python"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(CommandError, match=re.escape(str(REQUIREMENTS))):
        analysed(tmp_path, ["a.py"])


def test_analysers_are_pinned_with_hashes_as_in_development():
    """What this project is tested with is what a pipeline installs."""
    pins = re.compile(r"^([a-z0-9-]+==\S+) .*?\\$", flags=re.MULTILINE)
    pinned = set(pins.findall(REQUIREMENTS.read_text(encoding="utf-8")))
    assert any(pin.startswith("bandit==") for pin in pinned)
    assert any(pin.startswith("ruff==") for pin in pinned)
    assert pinned <= set(pins.findall(DEV.read_text(encoding="utf-8")))


def test_a_report_is_read_back_as_it_was_written(tmp_path: Path):
    """Through JUnit's XML, as CodeBuild reads it; characters that XML lacks become `?`."""
    review = Review(
        findings=worst_first(
            [finding(Severity.LOW, text="a < b & \x00c"), finding(Severity.HIGH, line=9)]
        ),
        files=2,
        tools=("ruff", "bandit"),
    )
    content = write_report(review, tmp_path / "out").read_bytes()
    cases = read_cases(content, "review.xml")
    assert [case.status for case in cases] == ["FAILED", "FAILED", "SUCCEEDED"]
    back = findings_of({"name": case.name, "message": case.message} for case in cases)
    assert back == (finding(Severity.HIGH, line=9), finding(Severity.LOW, text="a < b & ?c"))


@pytest.mark.parametrize(("bar", "failing"), [("high", 1), ("medium", 2), ("low", 3), ("never", 0)])
def test_the_bar_decides_what_fails(bar: str, failing: int):
    """From that severity on."""
    review = Review(findings=tuple(map(finding, Severity)), files=1, tools=("ruff",))
    assert len(review.failing(FailOn(bar))) == failing
    assert counted(review.findings) == "3 findings (1 high, 1 medium, 1 low)"
    last = list(review_lines(review, FailOn(bar)))[-1]
    assert last.startswith("the review fails" if failing else "the review passes")


def test_findings_are_json():
    """As they are printed."""
    assert json.loads(json.dumps(finding(Severity.LOW).to_json()))["severity"] == "low"
