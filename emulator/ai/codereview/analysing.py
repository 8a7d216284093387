"""What ruff and bandit say of an archive of source code, as CodeGuru Reviewer's recommendations."""

import json
import shutil
import subprocess
import sys
import tempfile
import uuid
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator import archives
from emulator.ai.jobs import JobFailedError
from emulator.jsonapi import Json

ENGINE = "ruff+bandit"
_SEVERITIES = {"HIGH": "High", "MEDIUM": "Medium", "LOW": "Low"}
_PATIENCE_SECONDS = 300.0
_MOST_FILES = 2_000


@dataclass(frozen=True, kw_only=True, slots=True)
class Analysis:
    """What was found in how many lines of Python."""

    recommendations: tuple[Json, ...]
    lines: int


def analysed(archive: bytes) -> Analysis:
    """Both have read every Python file of the zip; JobFailedError if that cannot be."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder) / "source"
        packed = Path(folder) / "source.zip"
        packed.write_bytes(archive)
        try:
            archives.extract_zip(packed, root)
        except (zipfile.BadZipFile, OSError) as error:
            raise JobFailedError(f"The source code archive could not be read: {error}") from error
        files = [f for f in sorted(root.rglob("*.py")) if f.is_file() and not f.is_symlink()]
        if len(files) > _MOST_FILES:
            raise JobFailedError(f"more than {_MOST_FILES} Python files are not reviewed here")
        if not files:
            return Analysis(recommendations=(), lines=0)
        names = [f"./{file.relative_to(root)}" for file in files]
        found = [*_bandit(root, names), *_ruff(root, names)]
        return Analysis(
            recommendations=tuple(found),
            lines=sum(len(file.read_bytes().splitlines()) for file in files),
        )


def _bandit(root: Path, names: Sequence[str]) -> Iterator[Json]:
    said = json.loads(_run("bandit", root, ["--quiet", "--format", "json", *names]))
    for row in said["results"]:
        yield _recommendation(
            root,
            row["filename"],
            lines=(row["line_number"], row["line_range"][-1]),
            rule=f"bandit-{row['test_id']}",
            text=row["issue_text"],
            severity=_SEVERITIES.get(row["issue_severity"], "Info"),
            category="SecurityIssues",
        )


def _ruff(root: Path, names: Sequence[str]) -> Iterator[Json]:
    options = ["check", "--isolated", "--no-cache", "--output-format", "json"]
    said = _run("ruff", root, [*options, "--select", "F,B", *names])
    for row in json.loads(said):
        yield _recommendation(
            root,
            row["filename"],
            lines=(row["location"]["row"], row["end_location"]["row"]),
            rule=f"ruff-{row['code'] or 'syntax'}",
            text=row["message"],
            severity="Medium",
            category="PythonBestPractices",
        )


def _recommendation(root: Path, name: str, *, lines: tuple[int, int], **told: Any) -> Json:
    path = (root / name).resolve().relative_to(root.resolve()).as_posix()
    rule = f"python/{told['rule']}@v1.0"
    known = f"{path}:{lines[0]}:{rule}:{told['text']}"
    return {
        "FilePath": path,
        "RecommendationId": str(uuid.uuid5(uuid.NAMESPACE_URL, known)),
        "StartLine": lines[0],
        "EndLine": max(lines),
        "Description": told["text"],
        "RecommendationCategory": told["category"],
        "RuleMetadata": {"RuleId": rule, "RuleName": told["rule"]},
        "Severity": told["severity"],
    }


def _run(tool: str, root: Path, options: Sequence[str]) -> str:
    """What the tool prints; both end with 1 where they found something."""
    beside = Path(sys.executable).parent / tool
    program = str(beside) if beside.is_file() else shutil.which(tool)
    if program is None:
        raise JobFailedError(f"{tool} is not installed where the embedded cloud runs")
    try:
        done = subprocess.run(
            [program, *options],
            cwd=root,
            capture_output=True,
            text=True,
            timeout=_PATIENCE_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise JobFailedError(f"{tool} took more than {_PATIENCE_SECONDS:.0f} s") from error
    if done.returncode not in (0, 1):
        raise JobFailedError(f"{tool} failed: {done.stderr.strip()[-300:]}")
    return done.stdout


def findings(output: Mapping[str, Any]) -> Sequence[Json]:
    """The recommendations that a review's output has, the worst first."""
    order = ["Critical", "High", "Medium", "Low", "Info"]
    return sorted(
        output.get("recommendations", ()),
        key=lambda each: (order.index(each["Severity"]), each["FilePath"], each["StartLine"]),
    )
