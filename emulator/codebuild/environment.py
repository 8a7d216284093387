"""The variables of a build's processes: CodeBuild's own, the project's, the specification's."""

import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from botocore.exceptions import ClientError

from emulator.codebuild.buildspec import Buildspec
from emulator.codebuild.errors import PhaseError
from emulator.codebuild.state import Build

PLAINTEXT, PARAMETER_STORE, SECRETS_MANAGER = "PLAINTEXT", "PARAMETER_STORE", "SECRETS_MANAGER"


class Clients(Protocol):
    """Clients of the service role."""

    def client(self, service: str) -> Any:
        """One that acts as the role."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Folders:
    """Where a build's files are, all below `root`."""

    root: Path

    @property
    def source(self) -> Path:
        """The primary source; commands begin there."""
        return self.root / "src"

    @property
    def secondary(self) -> Path:
        """One folder a secondary source."""
        return self.root / "src-secondary"

    @property
    def home(self) -> Path:
        """The private HOME."""
        return self.root / "home"

    @property
    def temporary(self) -> Path:
        """The private TMPDIR."""
        return self.root / "tmp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Variables:
    """Variables in their order of rank, and which of their values are secret."""

    values: Mapping[str, str]
    secrets: tuple[str, ...]


def declared(build: Build, spec: Buildspec, clients: Clients) -> Variables:
    """The specification's variables under the project's, which overrides already replaced."""
    values = dict(spec.variables)
    secrets: list[str] = []
    for name, reference in spec.parameters.items():
        values[name] = _parameter(clients, reference)
    for name, reference in spec.secrets.items():
        values[name] = _secret(clients, reference)
        secrets.append(values[name])
    for entry in build.settings.get("environment", {}).get("environmentVariables", []):
        kind, value = entry.get("type", PLAINTEXT), str(entry["value"])
        if kind == PARAMETER_STORE:
            value = _parameter(clients, value)
        elif kind == SECRETS_MANAGER:
            value = _secret(clients, value)
            secrets.append(value)
        values[entry["name"]] = value
    return Variables(values=values, secrets=tuple(secrets))


def of_codebuild(build: Build, folders: Folders) -> dict[str, str]:
    """The variables that CodeBuild sets itself."""
    source = build.settings.get("source", {})
    optional = {
        "CODEBUILD_SOURCE_REPO_URL": source.get("location") if build.job is None else None,
        "CODEBUILD_RESOLVED_SOURCE_VERSION": build.resolved_version,
        "CODEBUILD_SOURCE_VERSION": _source_version(build),
        "CODEBUILD_KMS_KEY_ID": build.settings.get("encryptionKey"),
    }
    tenant = build.project.tenant
    return {
        "AWS_REGION": tenant.region,
        "AWS_DEFAULT_REGION": tenant.region,
        "CI": "true",
        "CODEBUILD_BUILD_ARN": build.arn,
        "CODEBUILD_BUILD_ID": build.id,
        "CODEBUILD_BUILD_IMAGE": str(build.settings.get("environment", {}).get("image", "")),
        "CODEBUILD_BUILD_NUMBER": str(build.number),
        "CODEBUILD_INITIATOR": build.initiator,
        "CODEBUILD_LOG_PATH": build.uuid,
        "CODEBUILD_PROJECT_ARN": build.project.arn,
        "CODEBUILD_SRC_DIR": str(folders.source),
        "CODEBUILD_START_TIME": str(int(build.started * 1000)),
        "HOME": str(folders.home),
        "TMPDIR": str(folders.temporary),
        "LANG": "C.UTF-8",
        "PYTHONDONTWRITEBYTECODE": "1",
        **{name: str(value) for name, value in optional.items() if value is not None},
    }


def secondary_folders(folders: Mapping[str, Path]) -> Iterator[tuple[str, str]]:
    """`CODEBUILD_SRC_DIR_<identifier>` of each secondary source."""
    for identifier, folder in folders.items():
        yield f"CODEBUILD_SRC_DIR_{identifier}", str(folder)


def isolated() -> dict[str, str]:
    """Nothing of this machine's own AWS set-up is read."""
    return {
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
    }


def _source_version(build: Build) -> str | None:
    if build.job is not None:
        place = build.job.inputs[build.job.primary_input]
        return f"arn:aws:s3:::{place.bucket}/{place.key}"
    version = build.settings.get("sourceVersion")
    return None if version is None else str(version)


def _parameter(clients: Clients, name: str) -> str:
    try:
        found = clients.client("ssm").get_parameter(Name=name, WithDecryption=True)
    except ClientError as error:
        raise PhaseError("PARAMETER_STORE_ERROR", f"{name}: {_said(error)}") from error
    return str(found["Parameter"]["Value"])


def _secret(clients: Clients, reference: str) -> str:
    """`secret-id:json-key:version-stage:version-id`; a secret's ARN has six colons of its own."""
    head, rest = _split(reference)
    key, stage, version = (*rest, "", "", "")[:3]
    options = {"VersionStage": stage, "VersionId": version}
    try:
        found = clients.client("secretsmanager").get_secret_value(
            SecretId=head, **{name: value for name, value in options.items() if value}
        )
    except ClientError as error:
        raise PhaseError("Secrets Manager Error Message", f"{head}: {_said(error)}") from error
    text = str(found.get("SecretString", ""))
    if not key:
        return text
    try:
        return str(json.loads(text)[key])
    except (json.JSONDecodeError, KeyError, TypeError) as error:
        message = f"{head}: the secret has no JSON key {key}"
        raise PhaseError("Secrets Manager Error Message", message) from error


def _split(reference: str) -> tuple[str, list[str]]:
    parts = reference.split(":")
    own = 7 if reference.startswith("arn:") else 1
    return ":".join(parts[:own]), parts[own:]


def _said(error: ClientError) -> str:
    found = error.response["Error"]
    return f"{found.get('Code')}: {found.get('Message')}"
