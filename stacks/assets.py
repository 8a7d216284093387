"""File assets of an assembly: artifacts packed once, under names that follow from their content."""

import hashlib
import io
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.metadata import distribution
from pathlib import Path

from aws_cdk import FileAssetPackaging, Stack

from stacks.components.arns import sub
from stacks.components.handler_function import CodeAsset
from stacks.project.artifact_spec import Artifact, Awaited, LocalArtifact, TargetArtifacts
from stacks.project.artifacts import write_archive
from stacks.project.spec import StageSpec

_EARLIEST = (1980, 1, 1, 0, 0, 0)
"""The first moment that a zip can name."""

_AGENT = "codeguru-profiler-agent"

_PACKED = frozenset({".py", ".html", ".css", ".js"})
"""What functions are made of: code, and pages that they give to browsers."""
_UNIX = 3
"""The system that modes in a zip are of (zip's specification, 4.4.2)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetShelf:
    """What one assembly brings along, each packed once into its folder."""

    folder: Path
    _packed: set[str] = field(default_factory=set)
    _codes: dict[tuple[Path, bool], str] = field(default_factory=dict)
    """Digests of archives of functions that are packed, by folder and whether they are profiled."""

    def publish(self, stack: Stack, artifact: Artifact) -> str:
        """The artifact's URI; a local one is packed and published with the stack.

        Of several models it is the prefix that they lie under, which ends with a slash.
        `${AWS::AccountId}` stands in it when the stack's account is not known at synth.
        """
        if isinstance(artifact, Awaited):
            raise TypeError("no version is approved yet: there is nothing to publish")
        if isinstance(artifact, TargetArtifacts):
            return self._publish_targets(stack, artifact)
        if not isinstance(artifact, LocalArtifact):
            return artifact.uri
        return self._publish_packed(stack, artifact, key=artifact.digest)

    def _publish_targets(self, stack: Stack, artifact: TargetArtifacts) -> str:
        """The prefix that all models lie under by their names, and nothing else ever does."""
        uris = [
            self._publish_packed(stack, one, key=f"{artifact.digest}/{name}")
            for name, one in sorted(artifact.models.items())
        ]
        return f"{uris[0].rpartition('/')[0]}/"

    def _publish_packed(self, stack: Stack, artifact: LocalArtifact, *, key: str) -> str:
        name = f"asset.{artifact.digest}.tar.gz"
        self._pack(name, lambda target: write_archive(artifact.path, target))
        # SageMaker wants an artifact's key to end with .tar.gz, CDK appends only the last part.
        return self._add(stack, name, source_hash=f"{key}.tar")

    def publish_code(self, stack: Stack, folder: Path, stage: StageSpec) -> CodeAsset:
        """Where the code of the functions will be: one archive, named by its content.

        With the profiler's agent beside them, in a stage that is profiled.
        """
        packed = (folder, stage.profiling is not None)
        if packed not in self._codes:
            self._codes[packed] = self._pack_code(folder, agent_files() if packed[1] else {})
        digest = self._codes[packed]
        path = self._add(stack, f"asset.{digest}.zip", source_hash=digest).removeprefix("s3://")
        bucket, _, key = path.partition("/")
        return CodeAsset(bucket=sub(bucket), key=key)

    def publish_file(self, stack: Stack, file: Path) -> tuple[str, str]:
        """Bucket and key where a file will be, named by its content.

        `${AWS::AccountId}` stands in the bucket when the stack's account is not known at synth.
        """
        return self.publish_bytes(stack, file.read_bytes(), suffix=file.suffix)

    def publish_bytes(self, stack: Stack, content: bytes, *, suffix: str) -> tuple[str, str]:
        """The same of content that is no file yet; its key ends with the suffix."""
        digest = hashlib.sha256(content).hexdigest()
        name = f"asset.{digest}{suffix}"
        self._pack(name, lambda target: target.write_bytes(content))
        path = self._add(stack, name, source_hash=digest).removeprefix("s3://")
        bucket, _, key = path.partition("/")
        return bucket, key

    def _pack_code(self, folder: Path, more: Mapping[str, Path]) -> str:
        """The digest of the archive, which is in the assembly."""
        archive = code_archive(folder, more)
        digest = hashlib.sha256(archive).hexdigest()
        self._pack(f"asset.{digest}.zip", lambda target: target.write_bytes(archive))
        return digest

    def _pack(self, name: str, write: Callable[[Path], object]) -> None:
        if name in self._packed:
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        write(self.folder / name)
        self._packed.add(name)

    def _add(self, stack: Stack, name: str, *, source_hash: str) -> str:
        location = stack.synthesizer.add_file_asset(
            file_name=name,
            packaging=FileAssetPackaging.FILE,
            source_hash=source_hash,
            display_name=name,
        )
        uri = location.s3_object_url_with_placeholders
        if uri is None:
            raise ValueError("this synthesizer does not say where assets go: use the default one")
        return uri


def agent_files() -> dict[str, Path]:
    """The Python files of the profiler's agent for functions, by their names in an archive."""
    found = distribution(_AGENT).files or ()
    return {str(file): Path(str(file.locate())) for file in found if file.suffix == ".py"}


def code_archive(folder: Path, more: Mapping[str, Path] | None = None) -> bytes:
    """A zip of the code under a folder, pages too: the same bytes for the same content, anywhere.

    `more` are files of other places by their names in it.
    """
    raw = io.BytesIO()
    found = (path for path in folder.rglob("*") if path.suffix in _PACKED)
    files = {path.relative_to(folder).as_posix(): path for path in found}
    files |= {} if more is None else more
    with zipfile.ZipFile(raw, mode="w", compression=zipfile.ZIP_DEFLATED) as archive:
        # In the order of their parts, so that a folder comes before what is named alike.
        for name, path in sorted(files.items(), key=lambda each: each[0].split("/")):
            entry = zipfile.ZipInfo(name, _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.create_system = _UNIX
            entry.external_attr = 0o644 << 16
            archive.writestr(entry, path.read_bytes())
    return raw.getvalue()
