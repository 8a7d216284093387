"""File assets of an assembly: artifacts packed once, under names that follow from their content."""

from dataclasses import dataclass, field
from pathlib import Path

from aws_cdk import FileAssetPackaging, Stack

from stacks.project.artifacts import write_archive
from stacks.project.spec import Artifact, StoredArtifact


@dataclass(frozen=True, slots=True, kw_only=True)
class AssetShelf:
    """The artifacts of one assembly, each packed once into its folder."""

    folder: Path
    _packed: set[str] = field(default_factory=set)

    def publish(self, stack: Stack, artifact: Artifact) -> str:
        """The artifact's URI; a local one is packed and published with the stack.

        `${AWS::AccountId}` stands in it when the stack's account is not known at synth.
        """
        if isinstance(artifact, StoredArtifact):
            return artifact.uri
        name = f"asset.{artifact.digest}.tar.gz"
        if name not in self._packed:
            self.folder.mkdir(parents=True, exist_ok=True)
            write_archive(artifact.path, self.folder / name)
            self._packed.add(name)
        location = stack.synthesizer.add_file_asset(
            file_name=name,
            packaging=FileAssetPackaging.FILE,
            # SageMaker wants an artifact's key to end with .tar.gz, CDK appends only the last part.
            source_hash=f"{artifact.digest}.tar",
            display_name=artifact.path.name,
        )
        uri = location.s3_object_url_with_placeholders
        if uri is None:
            raise ValueError("this synthesizer does not say where assets go: use the default one")
        return uri
