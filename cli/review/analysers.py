"""Runs ruff and bandit over a project's own code and reads what they say.

Both work by rules of their own choice, not by the project's configuration of them, which is what
its `make check` is for. `# noqa` and `# nosec` in the code hold.
"""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit
from cli.review.findings import Finding, Review, Severity, worst_first

REQUIREMENTS = Path(__file__).parent / "requirements.txt"
"""The analysers and all that they need, pinned with hashes."""

TOOLS = ("ruff", "bandit")
RUFF_RULES = ("F", "B", "PLE", "PERF")
"""Errors (Pyflakes, Pylint's E), likely bugs (bugbear), and what costs time (Perflint)."""
_HIGH = ("F5", "F7", "F82", "PLE")
"""Beginnings of rules whose code fails when it is reached: formats, syntax, undefined names."""
_LOW = ("F401", "F841", "PERF")
_FILES_AT_ONCE = 500
_PATIENCE_SECONDS = 600.0


def analysed(root: Path, files: Sequence[str], *, ignore: frozenset[str] = frozenset()) -> Review:
    """What both say of the files, without the rules to ignore; CommandError if one cannot work."""
    found: list[Finding] = []
    for start in range(0, len(files), _FILES_AT_ONCE):
        some = [f"./{name}" for name in files[start : start + _FILES_AT_ONCE]]
        found += _ruff(root, some)
        found += _bandit(root, some)
    kept = worst_first(each for each in found if each.rule not in ignore)
    return Review(findings=kept, files=len(files), tools=TOOLS)


def _ruff(root: Path, files: Sequence[str]) -> Iterator[Finding]:
    said = _run("ruff", root, "check", "--isolated", "--no-cache", "--output-format", "json",
                "--select", ",".join(RUFF_RULES), *files)  # fmt: skip
    for row in json.loads(said):
        rule = str(row["code"] or "invalid-syntax")
        yield Finding(
            path=_relative(root, row["filename"]),
            line=int(row["location"]["row"]),
            tool="ruff",
            rule=rule,
            severity=_ruff_severity(rule),
            text=str(row["message"]),
        )


def _ruff_severity(rule: str) -> Severity:
    """Ruff has no severities: a rule's name says what is at stake."""
    if rule == "invalid-syntax" or rule.startswith(_HIGH):
        return Severity.HIGH
    return Severity.LOW if rule.startswith(_LOW) else Severity.MEDIUM


def _bandit(root: Path, files: Sequence[str]) -> Iterator[Finding]:
    said = json.loads(_run("bandit", root, "--quiet", "--format", "json", *files))
    for row in said["results"]:
        yield Finding(
            path=_relative(root, row["filename"]),
            line=int(row["line_number"]),
            tool="bandit",
            rule=str(row["test_id"]),
            severity=_bandit_severity(row),
            text=str(row["issue_text"]),
        )
    for row in said["errors"]:
        yield Finding(
            path=_relative(root, row["filename"]),
            line=1,
            tool="bandit",
            rule="not-read",
            severity=Severity.HIGH,
            text=f"could not be read: {row['reason']}",
        )


def _bandit_severity(row: Mapping[str, Any]) -> Severity:
    named = str(row["issue_severity"]).lower()
    return Severity(named) if named in set(Severity) else Severity.LOW


def _run(tool: str, root: Path, *options: str) -> str:
    """What a tool prints; both end with 1 where they found something."""
    command = [_program(tool), *options]
    done = subprocess.run(
        command, cwd=root, capture_output=True, text=True, timeout=_PATIENCE_SECONDS, check=False
    )
    if done.returncode not in (0, 1):
        raise CommandError(f"{tool} failed with {done.returncode}: {done.stderr.strip()[-1000:]}")
    return done.stdout


def _program(tool: str) -> str:
    """The tool beside this Python, or on the PATH."""
    beside = Path(sys.executable).parent / tool
    found = str(beside) if beside.is_file() else shutil.which(tool)
    if found is None:
        raise CommandError(
            f"{tool} is not installed: run 'python -m pip install --require-hashes -r "
            f"{REQUIREMENTS}'",
            code=Exit.USAGE,
        )
    return found


def _relative(root: Path, name: str) -> str:
    path = Path(name)
    full = path if path.is_absolute() else root / path
    return full.resolve().relative_to(root.resolve()).as_posix()
