"""A finding stays where somebody says why; nothing else makes it go."""

import json
from pathlib import Path
from typing import Any

import pytest

from gate.acknowledge import rows
from gate.check import own_findings
from gate.finding import Finding
from gate.read import read

BUCKET = {"Type": "AWS::S3::Bucket", "DeletionPolicy": "Delete", "UpdateReplacePolicy": "Retain"}
ROW = {"rule": "bucket-not-empty", "reason": "a job empties it every night"}


def _found(folder: Path, body: dict[str, Any]) -> tuple[Finding, ...]:
    file = folder / "a.json"
    file.write_text(json.dumps(body))
    return own_findings(read([file], regions=("eu-west-1",)))


def _body(resource: dict[str, Any] | None = None, whole: Any = None) -> dict[str, Any]:
    bucket = BUCKET if resource is None else {**BUCKET, "Metadata": resource}
    body: dict[str, Any] = {"Resources": {"Bucket": bucket}}
    return body if whole is None else {**body, "Metadata": whole}


@pytest.mark.parametrize(
    "body",
    [
        _body({"tidegate": {"acknowledged": [ROW]}}),
        _body({"cdk_nag": {"rules_to_suppress": [{"id": ROW["rule"], "reason": ROW["reason"]}]}}),
        _body(whole={"tidegate": {"acknowledged": [ROW]}}),
        _body(whole={"tidegate": {"acknowledged": [{**ROW, "resource": "Bucket"}]}}),
    ],
)
def test_reasoned_finding_stays_and_is_told(tmp_path: Path, body: dict[str, Any]):
    """On the resource, on the template, in the words of cdk-nag 2."""
    (finding,) = (f for f in _found(tmp_path, body) if f.rule == ROW["rule"])

    assert not finding.open
    assert finding.to_json()["acknowledged"] == ROW["reason"]


@pytest.mark.parametrize(
    "row",
    [
        {**ROW, "resource": "Other"},
        {**ROW, "rule": "log-retention"},
        {**ROW, "reason": "todo"},
        {"rule": ROW["rule"]},
    ],
)
def test_anything_else_acknowledges_nothing(tmp_path: Path, row: dict[str, str]):
    """Another resource, another rule, no reason."""
    found = _found(tmp_path, _body(whole={"tidegate": {"acknowledged": [row]}}))

    assert ROW["rule"] in {finding.rule for finding in found if finding.open}


def test_names_in_rule_ids_are_written_as_in_sub(tmp_path: Path):
    """A plain `${Name}` outside Fn::Sub is a finding of cfn-lint's."""
    row = {"rule": "AwsSolutions-IAM5[Resource::${!Name}]", "reason": "names are generated ones"}
    file = tmp_path / "a.json"
    file.write_text(json.dumps(_body(whole={"tidegate": {"acknowledged": [row]}})))

    (said,) = rows(read([file]).templates[0])

    assert said.rule == "AwsSolutions-IAM5[Resource::${Name}]"
