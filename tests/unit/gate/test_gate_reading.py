"""Reads cloud assemblies and templates, and says everything that is none."""

import json
from pathlib import Path

import pytest

from gate.read import UnreadableError, read

BODY = {"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}


def _assembly(folder: Path) -> Path:
    folder.mkdir()
    (folder / "S.template.json").write_text(json.dumps(BODY))
    properties = {"templateFile": "S.template.json", "terminationProtection": True}
    stack = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/eu-west-1",
        "properties": properties,
    }
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "inner"}}
    (folder / "manifest.json").write_text(json.dumps({"artifacts": {"S": stack, "N": nested}}))
    inner = folder / "inner"
    inner.mkdir()
    (inner / "I.template.json").write_text(json.dumps(BODY))
    named = {
        "type": "aws:cloudformation:stack",
        "environment": "aws://123456789012/unknown-region",
        "properties": {"templateFile": "I.template.json", "stackName": "inner-stack"},
    }
    (inner / "manifest.json").write_text(json.dumps({"artifacts": {"I": named}}))
    return folder


def test_assembly_says_where_stacks_go(tmp_path: Path):
    """Stages' assemblies too; what is not known is None."""
    assembly = read([_assembly(tmp_path / "out")], regions=("eu-west-3",))

    found = {t.stack: (t.account, t.region, t.protected) for t in assembly.templates}
    assert found == {
        "S": (None, "eu-west-1", True),
        "inner-stack": ("123456789012", None, None),
    }
    regions = {t.stack: assembly.regions_of(t) for t in assembly.templates}
    assert regions == {"S": ("eu-west-1",), "inner-stack": ("eu-west-3",)}


def test_yaml_has_its_short_forms(tmp_path: Path):
    """!Ref and !Sub are what they are short for."""
    file = tmp_path / "a.yaml"
    file.write_text(
        "Resources:\n  A:\n    Type: T\n    Properties: { N: !Sub '${B}', R: !Ref B }\n"
    )

    (template,) = read([file]).templates

    assert template.every["A"].properties == {"N": {"Fn::Sub": "${B}"}, "R": {"Ref": "B"}}


def test_folder_of_templates_is_read(tmp_path: Path):
    """Without a manifest every file is a template."""
    for name in ("a.json", "b.template.json"):
        (tmp_path / name).write_text(json.dumps(BODY))

    assert [t.stack for t in read([tmp_path]).templates] == ["a", "b"]


def test_everything_unreadable_is_said_at_once(tmp_path: Path):
    """Missing, broken, and no template at all."""
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"Resources": 1}')
    (tmp_path / "empty").mkdir()

    with pytest.raises(UnreadableError) as told:
        read([tmp_path / name for name in ("broken.json", "other.json", "empty", "absent")])

    lines = str(told.value).splitlines()
    assert [word in line for word, line in zip(("not JSON", "no Res"), lines, strict=False)]
    assert len(lines) == 4
    assert "does not exist" in lines[3]
