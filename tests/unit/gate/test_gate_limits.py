"""Limits, notes and code that is too large: rules that no small template can trap."""

from pathlib import Path
from typing import Any

import pytest

from gate.check import own_findings
from gate.finding import Finding, Severity
from gate.rules import functions
from gate.template import Assembly, Template


def _found(resources: dict[str, Any], **about: Any) -> dict[str, Finding]:
    template = Template(stack="s", file="s.json", body={"Resources": resources}, **about)
    assembly = Assembly(templates=(template,), regions=("eu-west-1",))
    return {finding.rule: finding for finding in own_findings(assembly)}


@pytest.mark.parametrize(
    ("count", "rule"), [(450, None), (451, "template-nearly-full"), (501, "template-size")]
)
def test_resources_are_counted(count: int, rule: str | None):
    """450 leave room, 500 fit."""
    found = _found({f"T{i}": {"Type": "AWS::SNS::Topic"} for i in range(count)})

    assert {id_ for id_ in found if id_.startswith("template-")} == ({rule} if rule else set())


def test_dynamic_references_are_counted():
    """CloudFormation takes sixty."""
    topic = {"Type": "AWS::SNS::Topic", "Properties": {"A": ["{{resolve:ssm:x}}"] * 61}}

    assert _found({"T": topic})["dynamic-references"].fault.got == 61


def test_unprotected_stack_with_data_is_a_note():
    """It is told, and fails nothing."""
    table = {"Type": "AWS::ECR::Repository", "DeletionPolicy": "Retain"}

    found = _found({"T": table}, protected=False)["stack-protection"]

    assert found.severity is Severity.NOTE
    assert not found.open
    assert "stack-protection" not in _found({"T": table}, protected=True)


def test_broad_resources_are_a_note():
    """The report of wildcards; cdk-nag is who fails them."""
    statement = {"Effect": "Allow", "Action": "s3:GetObject", "Resource": "arn:aws:s3:::a/*"}
    policies = [{"PolicyName": "p", "PolicyDocument": {"Statement": [statement]}}]

    role = {"Type": "AWS::IAM::Role", "Properties": {"Policies": policies}}

    assert _found({"R": role})["wildcard-resource"].fault.got == ["arn:aws:s3:::a/*"]


def test_code_that_does_not_unpack_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """The folder of an asset is as large as Lambda unpacks it."""
    monkeypatch.setattr(functions, "MOST_CODE_BYTES", 3)
    folder = tmp_path / "asset.abc"
    folder.mkdir()
    (folder / "handler.py").write_text("long")
    code = {"S3Bucket": "assets", "S3Key": "abc.zip"}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": code}}
    template = Template(stack="s", file="s.json", body={"Resources": {"F": function}})

    found = own_findings(Assembly(templates=(template,), folders=(tmp_path,)))

    assert "function-code-size" in {finding.rule for finding in found}


def test_inline_code_is_measured():
    """Four megabytes."""
    code = {"ZipFile": "x" * (4 * 2**20 + 1)}
    function = {"Type": "AWS::Lambda::Function", "Properties": {"Code": code}}

    assert "function-inline-code" in _found({"F": function})
