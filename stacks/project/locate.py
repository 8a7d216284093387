"""Where an artifact is: on this machine, checked and digested, or in S3, named with its version."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from stacks.project.artifact_spec import Artifact, LocalArtifact, StoredArtifact
from stacks.project.artifacts import ArtifactError, Contents, inspect
from stacks.project.faults import Fault
from stacks.project.framework_contents import content_faults
from stacks.project.source import Location, Source

_S3 = re.compile(
    r"^s3://(?P<bucket>[a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(?P<key>[^?]+\.tar\.gz)"
    r"\?versionId=(?P<version>[A-Za-z0-9._-]+)$"
)
_BUILT = re.compile(r"(^|/)build/(?P<example>[a-z_]+)/(?P<version>v\d+)/?$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """The local artifacts that one project file names; each is read once. Paths start at `root`."""

    root: Path
    _read: dict[Path, Contents] = field(default_factory=dict)

    def path(self, text: str) -> Path:
        """The place that a path in the project file means."""
        return (self.root / text).resolve()

    def contents(self, text: str) -> Contents:
        """What is in an artifact; ArtifactError when it cannot be one."""
        path = self.path(text)
        if path not in self._read:
            self._read[path] = inspect(path)
        return self._read[path]


def artifact_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """What is wrong with the artifact of the model at a location."""
    text = raw.get("artifact")
    if not isinstance(text, str):
        return
    here = (*at, "artifact")
    if text.startswith("s3://"):
        if _S3.match(text) is None:
            yield source.fault(
                here,
                f"artifact is {text!r}, must be s3://BUCKET/KEY.tar.gz?versionId=VERSION: "
                "without the object's version nobody could tell what was deployed",
            )
        return
    for fault in local_faults(text, raw, shelf):
        yield source.fault(here, f"artifact is {text!r}: {fault}")


def local_faults(text: str, raw: Mapping[str, Any], shelf: Shelf) -> Iterator[str]:
    """What is wrong with an artifact on this machine, and with what its framework would miss."""
    path = shelf.path(text)
    if not path.exists():
        yield f"it does not exist: {_how_to_make(text)}"
        return
    if path.is_file() and not text.endswith(".tar.gz"):
        yield "an artifact is a directory or a file that ends with .tar.gz"
        return
    try:
        contents = shelf.contents(text)
    except ArtifactError as error:
        yield str(error)
        return
    framework = raw.get("framework")
    if isinstance(framework, str):
        yield from content_faults(framework, contents, raw.get("entry_point"))


def artifact_at(text: str, shelf: Shelf) -> Artifact:
    """The artifact that a checked project file names."""
    match = _S3.match(text)
    if match is not None:
        return StoredArtifact(bucket=match["bucket"], key=match["key"], identity=text)
    return LocalArtifact(path=shelf.path(text), digest=shelf.contents(text).digest)


def label_of(text: str) -> str:
    """The name of an artifact for people: its last part without ending or version id."""
    name = text.partition("?")[0].rstrip("/").rpartition("/")[2].removesuffix(".tar.gz")
    return text.rstrip("/").split("/")[-2] if name == "model" and "/" in text else name


def _how_to_make(text: str) -> str:
    match = _BUILT.search(text)
    if match is None:
        return "train the model first, or correct the path (it starts at the project file)"
    example, version = match["example"], match["version"]
    return (
        f"make it with 'python -m examples.{example}.train --version {version} "
        f"--output {text}' in the folder of the project file"
    )
