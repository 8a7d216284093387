"""Reads a CDK cloud assembly (`cdk.out`): its stacks, their order and their assets.

Format: cloud-assembly-schema of aws-cdk, manifest.json and NAME.assets.json.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

from emulator.deployment.errors import AssemblyError

_STACK, _ASSETS, _NESTED = (
    "aws:cloudformation:stack",
    "cdk:asset-manifest",
    "cdk:cloud-assembly",
)
_ANY_ACCOUNT, _ANY_REGION = "unknown-account", "unknown-region"


@dataclass(frozen=True, kw_only=True, slots=True)
class FileAsset:
    """A file or directory that must be in a bucket before its stack is deployed."""

    source: Path
    packaging: str
    """`file`, or `zip` for a directory."""
    bucket: str
    key: str


@dataclass(frozen=True, kw_only=True, slots=True)
class StackArtifact:
    """One stack of the assembly."""

    artifact_id: str
    name: str
    account: str | None
    region: str | None
    template: Path
    parameters: Mapping[str, str]
    tags: Mapping[str, str]
    termination_protection: bool
    version_parameter: str | None
    """The SSM parameter that names the version of the bootstrap stack."""
    assets: Sequence[FileAsset]
    depends_on: frozenset[str]


@dataclass(frozen=True, kw_only=True, slots=True)
class Assembly:
    """The stacks of an assembly, each after those it depends on."""

    stacks: Sequence[StackArtifact]

    def selected(self, names: Sequence[str] | None) -> Sequence[StackArtifact]:
        """Return the named stacks and what they depend on, in order; all of them without names.

        Raises:
            AssemblyError: a name fits no stack.
        """
        if names is None:
            return self.stacks
        known = {key: s for s in self.stacks for key in (s.artifact_id, s.name)}
        unknown = sorted(set(names) - set(known))
        if unknown:
            allowed = ", ".join(s.name for s in self.stacks)
            raise AssemblyError(f"no such stack, got {', '.join(unknown)}: allowed are {allowed}")
        wanted = {known[name].artifact_id for name in names}
        for stack in reversed(self.stacks):
            if stack.artifact_id in wanted:
                wanted |= stack.depends_on
        return tuple(s for s in self.stacks if s.artifact_id in wanted)


def read_assembly(directory: Path) -> Assembly:
    """Return the assembly in a directory, stages included.

    Raises:
        AssemblyError: there is none, or it holds what the embedded cloud cannot deploy.
    """
    if not (directory / "manifest.json").is_file():
        raise AssemblyError(
            f"no cloud assembly, got {directory} without manifest.json: run `cdk synth` first"
        )
    stacks = {stack.artifact_id: stack for stack in _stacks(directory)}
    graph = {key: stack.depends_on & stacks.keys() for key, stack in stacks.items()}
    return Assembly(stacks=tuple(stacks[key] for key in TopologicalSorter(graph).static_order()))


def _stacks(directory: Path) -> Iterator[StackArtifact]:
    artifacts = _json(directory / "manifest.json").get("artifacts", {})
    for artifact_id, artifact in artifacts.items():
        if artifact["type"] == _NESTED:
            yield from _stacks(directory / artifact["properties"]["directoryName"])
        if artifact["type"] == _STACK:
            yield _stack(directory, artifact_id, artifacts)


def _stack(directory: Path, artifact_id: str, artifacts: Mapping[str, Any]) -> StackArtifact:
    artifact = artifacts[artifact_id]
    properties = artifact["properties"]
    account, region = artifact["environment"].removeprefix("aws://").split("/")
    depends_on = artifact.get("dependencies", ())
    manifests = [artifacts[d] for d in depends_on if artifacts.get(d, {}).get("type") == _ASSETS]
    return StackArtifact(
        artifact_id=artifact_id,
        name=properties.get("stackName", artifact_id),
        account=None if account == _ANY_ACCOUNT else account,
        region=None if region == _ANY_REGION else region,
        template=directory / properties["templateFile"],
        parameters=properties.get("parameters", {}),
        tags=properties.get("tags", {}),
        termination_protection=properties.get("terminationProtection", False),
        version_parameter=properties.get("bootstrapStackVersionSsmParameter"),
        assets=tuple(a for m in manifests for a in _assets(directory, artifact_id, m)),
        depends_on=frozenset(depends_on),
    )


def _assets(directory: Path, artifact_id: str, artifact: Mapping[str, Any]) -> Iterator[FileAsset]:
    manifest = _json(directory / artifact["properties"]["file"])
    if manifest.get("dockerImages"):
        raise AssemblyError(
            f"stack {artifact_id} has container image assets, which need docker and a registry: "
            "the embedded cloud takes file assets only"
        )
    for asset in manifest.get("files", {}).values():
        if "path" not in asset["source"]:
            raise AssemblyError(
                f"stack {artifact_id} has an asset made by a command, got "
                f"{asset['source'].get('executable')}: allowed are files and directories"
            )
        for destination in asset["destinations"].values():
            yield FileAsset(
                source=directory / asset["source"]["path"],
                packaging=asset["source"].get("packaging", "file"),
                bucket=destination["bucketName"],
                key=destination["objectKey"],
            )


def _json(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return document
