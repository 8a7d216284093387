"""A build specification as its author wrote it, read once and checked. Pure.

Syntax and defaults: AWS CodeBuild user guide, "Build specification reference". What is read but
has no effect here (runtime-versions, cache, run-as, proxy, git-credential-helper) is
listed in `without_effect`, which the build's log names.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

PHASES = ("install", "pre_build", "build", "post_build")
_IDLE = ("cache", "batch", "proxy", "run-as")


class BuildspecError(ValueError):
    """The specification can't be used; the message is the phase context's."""


class OnFailure(StrEnum):
    """What follows a failed phase."""

    TRANSITION = "TRANSITION"
    """As the phases of a build follow by default."""
    ABORT = "ABORT"
    CONTINUE = "CONTINUE"


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """The commands of one phase."""

    commands: tuple[str, ...] = ()
    finally_: tuple[str, ...] = ()
    on_failure: OnFailure = OnFailure.TRANSITION


@dataclass(frozen=True, slots=True, kw_only=True)
class ArtifactSpec:
    """Which files make one artifact."""

    files: tuple[str, ...]
    base_directory: str = "."
    exclude: tuple[str, ...] = ()
    discard_paths: bool = False
    name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ReportSpec:
    """Which files make the report of one group, given by its ARN or its name in the project."""

    group: str
    files: tuple[str, ...]
    base_directory: str = "."


@dataclass(frozen=True, slots=True, kw_only=True)
class Buildspec:
    """A whole specification."""

    shell: str = "sh"
    variables: Mapping[str, str] = field(default_factory=dict)
    parameters: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict)
    exported: tuple[str, ...] = ()
    phases: Mapping[str, Phase] = field(default_factory=dict)
    artifacts: ArtifactSpec | None = None
    secondary_artifacts: Mapping[str, ArtifactSpec] = field(default_factory=dict)
    reports: tuple[ReportSpec, ...] = ()
    without_effect: tuple[str, ...] = ()


def parse(text: str) -> Buildspec:
    """The specification; BuildspecError names every fault that it has."""
    from ruamel.yaml import YAML  # noqa: PLC0415 - the server starts without it
    from ruamel.yaml.error import YAMLError  # noqa: PLC0415 - as above

    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise BuildspecError(str(error)) from error
    if not isinstance(document, dict):
        raise BuildspecError("the build specification must be a YAML mapping")
    faults = list(_faults(document))
    if faults:
        raise BuildspecError("; ".join(faults))
    env, phases = _mapping(document, "env"), _mapping(document, "phases")
    artifacts = _mapping(document, "artifacts")
    secondary = _mapping(artifacts, "secondary-artifacts")
    return Buildspec(
        shell=str(env.get("shell", "sh")),
        variables=_texts(_mapping(env, "variables")),
        parameters=_texts(_mapping(env, "parameter-store")),
        secrets=_texts(_mapping(env, "secrets-manager")),
        exported=tuple(env.get("exported-variables") or ()),
        phases={name: _phase(phases[name]) for name in PHASES if phases.get(name) is not None},
        artifacts=_artifact(artifacts) if "files" in artifacts else None,
        secondary_artifacts={name: _artifact(spec) for name, spec in secondary.items()},
        reports=tuple(_report(name, spec) for name, spec in _mapping(document, "reports").items()),
        without_effect=tuple(_without_effect(document)),
    )


def _faults(document: Mapping[str, Any]) -> Iterator[str]:
    version = document.get("version")
    if str(version) not in ("0.1", "0.2"):
        yield f"unsupported version: {version}, must be 0.1 or 0.2"
    phases = document.get("phases")
    if not isinstance(phases, dict):
        yield "phases must be a mapping of install, pre_build, build and post_build"
        phases = {}
    yield from (f"invalid phase: {name}" for name in phases if name not in PHASES)
    for name in PHASES:
        if phases.get(name) is not None:
            yield from _phase_faults(name, phases[name])
    shell = _mapping(document, "env").get("shell", "sh")
    if shell not in ("sh", "bash", "/bin/sh", "/bin/bash"):
        yield f"shell {shell!r} is not emulated: sh and bash are"
    artifacts = _mapping(document, "artifacts")
    yield from _artifact_faults("artifacts", artifacts, required="secondary-artifacts")
    for name, spec in _mapping(artifacts, "secondary-artifacts").items():
        yield from _artifact_faults(f"secondary artifact {name}", spec, required=None)
    for name, spec in _mapping(document, "reports").items():
        yield from _report_faults(name, spec)


def _phase_faults(name: str, phase: Any) -> Iterator[str]:
    if not isinstance(phase, dict):
        yield f"phase {name} must be a mapping"
        return
    for member in ("commands", "finally"):
        for position, command in enumerate(_listed(phase.get(member))):
            if not isinstance(command, str | int | float | bool):
                yield (
                    f"Expected {member.title()}[{position}] to be of string type: "
                    f"found subkeys instead in phase {name}"
                )
    wanted = phase.get("on-failure")
    if wanted not in (None, "ABORT", "CONTINUE"):
        yield f"on-failure {wanted!r} of phase {name} is not emulated: ABORT and CONTINUE are"


def _artifact_faults(name: str, spec: Any, *, required: str | None) -> Iterator[str]:
    if not isinstance(spec, dict):
        yield f"{name} must be a mapping"
    elif spec and "files" not in spec and (required is None or required not in spec):
        yield f"{name}: files is required"


def _report_faults(name: str, spec: Any) -> Iterator[str]:
    if not isinstance(spec, dict) or "files" not in spec:
        yield f"report {name}: files is required"
        return
    kind = str(spec.get("file-format", "JUNITXML")).upper()
    if kind != "JUNITXML":
        yield f"file-format {kind} of report {name} is not emulated: JUNITXML is"
    if spec.get("discard-paths") not in (None, False, "no", "false"):
        yield f"discard-paths of report {name} is not emulated"


def _report(name: str, raw: Mapping[str, Any]) -> ReportSpec:
    return ReportSpec(
        group=str(name),
        files=tuple(map(_text, _listed(raw["files"]))),
        base_directory=str(raw.get("base-directory", ".")),
    )


def _phase(raw: Mapping[str, Any]) -> Phase:
    return Phase(
        commands=tuple(_text(command) for command in _listed(raw.get("commands"))),
        finally_=tuple(_text(command) for command in _listed(raw.get("finally"))),
        on_failure=OnFailure(raw.get("on-failure", OnFailure.TRANSITION)),
    )


def _artifact(raw: Mapping[str, Any]) -> ArtifactSpec:
    name = raw.get("name")
    return ArtifactSpec(
        files=tuple(map(_text, _listed(raw["files"]))),
        base_directory=str(raw.get("base-directory", ".")),
        exclude=tuple(map(_text, _listed(raw.get("exclude-paths")))),
        discard_paths=_text(raw.get("discard-paths", "no")) in ("yes", "true"),
        name=None if name is None else str(name),
    )


def _without_effect(document: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in _IDLE if document.get(name))
    if _mapping(_mapping(document, "phases"), "install").get("runtime-versions"):
        yield "runtime-versions"


def _mapping(document: Any, name: str) -> Mapping[str, Any]:
    value = document.get(name) if isinstance(document, dict) else None
    return value if isinstance(value, dict) else {}


def _listed(value: Any) -> list[Any]:
    if value is None:
        return []
    return value if isinstance(value, list) else [value]


def _texts(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): _text(value) for name, value in values.items()}


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)
