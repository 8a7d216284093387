"""Reading cloud assemblies and packing their assets."""

import json
import os
from pathlib import Path
from typing import Any

import pytest

from emulator.deployment.assembly import read_assembly
from emulator.deployment.assets import zipped
from emulator.deployment.errors import AssemblyError, DeployError
from emulator.deployment.stacks import StackRequest
from emulator.deployment.target import is_loopback


def _artifact(name: str, *after: str) -> dict[str, Any]:
    return {
        "type": "aws:cloudformation:stack",
        "environment": "aws://unknown-account/unknown-region",
        "properties": {"templateFile": f"{name}.template.json"},
        "dependencies": list(after),
    }


def _manifest(directory: Path, **artifacts: Any) -> Path:
    directory.mkdir(parents=True, exist_ok=True)
    document = {"version": "1", "artifacts": artifacts}
    (directory / "manifest.json").write_text(json.dumps(document), encoding="utf-8")
    return directory


def test_stacks_follow_what_they_depend_on(tmp_path: Path) -> None:
    """Order is by dependency, whatever the manifest's."""
    directory = _manifest(tmp_path, C=_artifact("C", "B"), A=_artifact("A"), B=_artifact("B", "A"))
    assert [s.name for s in read_assembly(directory).stacks] == ["A", "B", "C"]


def test_stacks_of_stages_are_found(tmp_path: Path) -> None:
    """A nested assembly's stacks belong to the whole."""
    _manifest(tmp_path / "assembly-Prod", Inner=_artifact("Inner"))
    nested = {"type": "cdk:cloud-assembly", "properties": {"directoryName": "assembly-Prod"}}
    stacks = read_assembly(_manifest(tmp_path, Prod=nested)).stacks
    assert [s.template for s in stacks] == [tmp_path / "assembly-Prod" / "Inner.template.json"]


def test_a_directory_without_assembly_is_refused(tmp_path: Path) -> None:
    """The error says which directory, and what makes one."""
    with pytest.raises(AssemblyError, match="run `cdk synth` first"):
        read_assembly(tmp_path)


def test_container_image_assets_are_refused(tmp_path: Path) -> None:
    """What needs docker is named as such, not skipped."""
    manifest = {"version": "1", "files": {}, "dockerImages": {"x": {}}}
    (tmp_path / "A.assets.json").write_text(json.dumps(manifest), encoding="utf-8")
    assets = {"type": "cdk:asset-manifest", "properties": {"file": "A.assets.json"}}
    directory = _manifest(tmp_path, **{"A.assets": assets, "A": _artifact("A", "A.assets")})
    with pytest.raises(AssemblyError, match="container image assets"):
        read_assembly(directory)


def test_an_archive_depends_on_names_modes_and_content_only(tmp_path: Path) -> None:
    """The same files written at other times give the same bytes."""
    first, second = tmp_path / "first", tmp_path / "second"
    for directory, names in ((first, ("a", "b")), (second, ("b", "a"))):
        directory.mkdir()
        for name in names:
            (directory / name).write_text(name, encoding="utf-8")
            os.utime(directory / name, (len(names), hash(directory) % 10**9))
    assert zipped(first) == zipped(second)
    (second / "a").chmod(0o755)
    assert zipped(first) != zipped(second)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:4566", True),
        ("http://[::1]:4566", True),
        ("http://localhost:4566", True),
        ("http://s3.localhost:4566", True),
        ("https://cloudformation.us-east-1.amazonaws.com", False),
        ("http://127.0.0.1.example.com", False),
        ("http://localhost.example.com", False),
        ("http://192.168.0.1:4566", False),
        ("nonsense", False),
    ],
)
def test_only_this_machine_is_loopback(url: str, *, here: bool) -> None:
    """The host decides, without asking DNS."""
    assert is_loopback(url) is here


def test_a_long_template_without_a_bucket_is_refused() -> None:
    """CloudFormation takes no more than 51,200 bytes inline."""
    with pytest.raises(DeployError, match="51200 bytes"):
        StackRequest(name="s", template="x" * 51_201).arguments()
