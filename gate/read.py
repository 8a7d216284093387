"""Reads templates: cloud assemblies that CDK wrote, and files, JSON or YAML."""

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from gate.template import Assembly, Template, below

MANIFEST = "manifest.json"
_SUFFIXES = (".json", ".yaml", ".yml", ".template")
_ENVIRONMENT = re.compile(r"^aws://(?P<account>[^/]+)/(?P<region>.+)$")
_UNKNOWN = "unknown"


class UnreadableError(Exception):
    """What was named is no template and no cloud assembly; the message says why."""


def read(paths: Sequence[Path], *, regions: Sequence[str] = ()) -> Assembly:
    """All templates of these paths; UnreadableError with every path that has none.

    `regions` are where templates go that say none.
    """
    faults: list[str] = []
    templates: list[Template] = []
    for path in paths:
        try:
            templates += _read(path)
        except UnreadableError as error:
            faults.append(str(error))
    if faults:
        raise UnreadableError("\n".join(faults))
    folders = tuple(path for path in paths if path.is_dir())
    return Assembly(templates=tuple(templates), regions=tuple(regions), folders=folders)


def _read(path: Path) -> list[Template]:
    if path.is_file():
        return [Template(stack=_stack(path), file=str(path), body=parsed(path))]
    if not path.is_dir():
        raise UnreadableError(f"{path} does not exist: name templates or a cloud assembly")
    if (path / MANIFEST).is_file():
        return list(_assembly(path))
    files = sorted(file for file in path.iterdir() if file.suffix in _SUFFIXES)
    if not files:
        raise UnreadableError(f"{path} has no template and no {MANIFEST}: run 'cdk synth' first")
    return [Template(stack=_stack(file), file=str(file), body=parsed(file)) for file in files]


def _stack(path: Path) -> str:
    return path.name.removesuffix(path.suffix).removesuffix(".template")


def _assembly(folder: Path) -> Iterator[Template]:
    """The stacks of a cloud assembly and of the assemblies in it, one for each stage."""
    artifacts = _json(folder / MANIFEST).get("artifacts", {})
    for name, artifact in sorted(artifacts.items()):
        properties = artifact.get("properties", {})
        if artifact.get("type") == "cdk:cloud-assembly":
            yield from _assembly(folder / str(properties["directoryName"]))
        elif artifact.get("type") == "aws:cloudformation:stack":
            yield _of_manifest(folder, name, artifact)


def _of_manifest(folder: Path, name: str, artifact: Mapping[str, Any]) -> Template:
    file = folder / str(below(artifact, "properties", "templateFile"))
    match = _ENVIRONMENT.match(str(artifact.get("environment")))
    account, region = (None, None) if match is None else (match["account"], match["region"])
    stack = below(artifact, "properties", "stackName")
    return Template(
        stack=name if stack is None else str(stack),
        file=str(file),
        body=parsed(file),
        account=None if account is None or account.startswith(_UNKNOWN) else account,
        region=None if region is None or region.startswith(_UNKNOWN) else region,
        protected=below(artifact, "properties", "terminationProtection"),
    )


def parsed(path: Path) -> Mapping[str, Any]:
    """The template in a file; UnreadableError where there is none."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise UnreadableError(f"{path} cannot be read: {error}") from error
    body = _loaded(path, text)
    if not isinstance(body, Mapping) or not isinstance(body.get("Resources"), Mapping):
        raise UnreadableError(f"{path} is no template: it has no Resources")
    return body


def _loaded(path: Path, text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        if path.suffix == ".json":
            raise UnreadableError(f"{path} is not JSON: {error}") from error
    return _yaml(path, text)


def _yaml(path: Path, text: str) -> Any:
    """YAML with CloudFormation's short forms, which cfn-lint knows to read."""
    from cfnlint.decode import cfn_yaml  # noqa: PLC0415 - takes a second, only for YAML
    from yaml import YAMLError  # noqa: PLC0415

    try:
        return _plain(cfn_yaml.loads(text))
    except (YAMLError, cfn_yaml.CfnParseError) as error:
        raise UnreadableError(f"{path} is not YAML: {error}") from error


def _plain(node: Any) -> Any:
    """Ordinary types for those that remember their line."""
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(value) for value in node]
    return str(node) if isinstance(node, str) else node


def _json(path: Path) -> Mapping[str, Any]:
    try:
        read: Mapping[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UnreadableError(f"{path} is no manifest of a cloud assembly: {error}") from error
    return read
