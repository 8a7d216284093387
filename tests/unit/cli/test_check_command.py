"""`tidegate check`: what it says, and how it exits."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cli.main import app
from gate.rules import RULES
from tests.corpus_traps import CORPUS

RUNNER = CliRunner()


def test_rules_are_listed():
    """Each with its severity, what holds and its source."""
    told = RUNNER.invoke(app, ["check", "--rules", "--json"])

    rows = json.loads(told.stdout)
    assert {rule.id for rule in RULES} < {row["rule"] for row in rows}
    assert all(row["holds"] and row["source"] and row["severity"] for row in rows)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["absent"], "absent does not exist"),
        ([str(CORPUS), "--region", "eu-west-9"], "region eu-west-9 is not known, allowed: "),
        ([str(CORPUS), "--code", "absent.py"], "absent.py does not exist"),
        (["--project-file", "absent.yaml"], "there is neither absent.yaml nor cdk.out here"),
    ],
)
def test_what_cannot_be_checked_is_wrong_usage(
    arguments: list[str], words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Exit code 2, and what to do."""
    monkeypatch.chdir(tmp_path)

    told = RUNNER.invoke(app, ["check", *arguments])

    assert told.exit_code == 2
    assert words in told.stderr


@pytest.mark.nag
def test_all_tools_are_asked_and_every_finding_passed_on():
    """Ours, cfn-lint's and cdk-nag's in one report; exit code 1."""
    files = [str(CORPUS / f"{name}.yaml") for name in ("bucket-with-content", "misspelt-action")]

    told = RUNNER.invoke(app, ["check", *files, "--region", "eu-west-1", "--json"])

    report = json.loads(told.stdout)
    found = {(finding["tool"], finding["rule"]) for finding in report["findings"]}
    assert told.exit_code == 1
    assert not report["passed"]
    assert {
        ("tidegate", "bucket-not-empty"),
        ("cfn-lint", "W3037"),
        ("cdk-nag", "AwsSolutions-S1"),
    } <= found


@pytest.mark.accept
def test_good_template_passes_in_words(tmp_path: Path):
    """Exit code 0; the last line says how much was looked at."""
    file = tmp_path / "good.yaml"
    file.write_text("Resources:\n  Machine:\n    Type: AWS::CloudFormation::WaitConditionHandle\n")

    told = RUNNER.invoke(app, ["check", str(file), "--wildcards"])

    assert told.exit_code == 0, told.output
    assert told.stdout.splitlines()[-1] == "1 template: nothing found; 0 acknowledged, 0 notes"
