"""Unpacking model.tar.gz, as SageMaker does before it starts a container or loads a model.

Members that would land outside the directory, links that point outside and devices are refused.
Blocking: the caller runs it in a thread.
"""

import tarfile
from pathlib import Path

from emulator.archives import extract
from emulator.sagemaker.ports import ModelSpec
from emulator.sagemaker.serving.interface import ArtifactError


def unpack(model: ModelSpec, directory: Path) -> None:
    """`directory` exists and holds the artifact's files; ArtifactError carries AWS's sentence."""
    directory.mkdir(parents=True)
    if model.model_data_path is not None:
        url = model.model_data_url or str(model.model_data_path)
        unpack_archive(model.model_data_path, directory, url=url)
    if model.code_path is not None:
        unpack_archive(model.code_path, directory / "code", url=model.code_url)


def unpack_archive(path: Path, directory: Path, *, url: str) -> None:
    """The archive's files are in the directory; `url` is what an ArtifactError names."""
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            extract(archive, directory)
    except (tarfile.TarError, OSError, EOFError) as error:
        raise ArtifactError(
            f'Failed to extract model data archive for container "primary" from URL "{url}". '
            "Please ensure that the object located at the URL is a valid tar.gz archive. "
            f"({error})"
        ) from error
