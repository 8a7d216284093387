"""Artifacts: digest and packing."""

import gzip
import io
import os
import tarfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from stacks.project.artifacts import ArtifactError, inspect, write_archive


def _artifact(folder: Path) -> Path:
    (folder / "code").mkdir(parents=True)
    (folder / "code" / "inference.py").write_text("x = 1\n")
    (folder / "model.bin").write_bytes(b"\x00\x01")
    return folder


def test_packing_gives_the_same_bytes_again(tmp_path: Path):
    """Time, owner and the order of the disk are not in the archive."""
    first = _artifact(tmp_path / "a")
    second = tmp_path / "b"
    second.mkdir()
    (second / "model.bin").write_bytes(b"\x00\x01")
    (second / "code").mkdir()
    (second / "code" / "inference.py").write_text("x = 1\n")
    os.utime(second / "model.bin", (1, 1))
    (second / "model.bin").chmod(0o600)

    write_archive(first, tmp_path / "a.tar.gz")
    write_archive(second, tmp_path / "b.tar.gz")

    assert (tmp_path / "a.tar.gz").read_bytes() == (tmp_path / "b.tar.gz").read_bytes()


def test_directory_and_its_archive_are_one_version(tmp_path: Path):
    """The digest does not depend on packing."""
    folder = _artifact(tmp_path / "a")
    write_archive(folder, tmp_path / "a.tar.gz")

    assert inspect(folder) == inspect(tmp_path / "a.tar.gz")


def test_digest_does_not_depend_on_compression(tmp_path: Path):
    """Another compression level, other times and a leading ./ are the same version."""
    folder = _artifact(tmp_path / "a")
    with tarfile.open(tmp_path / "b.tar.gz", "w:gz", compresslevel=1) as archive:
        archive.add(folder, arcname=".")

    assert inspect(folder).digest == inspect(tmp_path / "b.tar.gz").digest


def test_given_archive_is_taken_as_it_is(tmp_path: Path):
    """An archive is not packed again."""
    archive = tmp_path / "a.tar.gz"
    write_archive(_artifact(tmp_path / "a"), archive)

    write_archive(archive, tmp_path / "copy.tar.gz")

    assert (tmp_path / "copy.tar.gz").read_bytes() == archive.read_bytes()


@pytest.mark.parametrize("change", ["content", "name", "mode", "more"])
def test_every_change_of_a_file_changes_the_digest(tmp_path: Path, change: str):
    """Names, modes and bytes are in the digest."""
    folder = _artifact(tmp_path / "a")
    before = inspect(folder).digest
    model = folder / "model.bin"
    match change:
        case "content":
            model.write_bytes(b"\x00\x02")
        case "name":
            model.rename(folder / "other.bin")
        case "mode":
            model.chmod(0o755)
        case "more":
            (folder / "more").write_bytes(b"")

    assert inspect(folder).digest != before


def test_traces_of_running_are_not_in_the_artifact(tmp_path: Path):
    """A compiled file carries a time: importing inference.py must not make a new version."""
    folder = _artifact(tmp_path / "a")
    before = inspect(folder)
    (folder / "code" / "__pycache__").mkdir()
    (folder / "code" / "__pycache__" / "inference.cpython-311.pyc").write_bytes(b"x")

    assert inspect(folder) == before


def test_empty_directory_is_no_artifact(tmp_path: Path):
    """Nothing would be served."""
    with pytest.raises(ArtifactError, match="it is empty"):
        inspect(tmp_path)


def test_symbolic_link_is_refused(tmp_path: Path):
    """A link points at something that is not in the archive."""
    folder = _artifact(tmp_path / "a")
    (folder / "link").symlink_to(folder / "model.bin")

    with pytest.raises(ArtifactError, match="link is a symbolic link"):
        inspect(folder)


@pytest.mark.parametrize("name", ["../escape", "/etc/passwd", "a/../../b"])
def test_archive_that_leaves_its_folder_is_refused(tmp_path: Path, name: str):
    """Names that lead outside never reach a machine that unpacks them."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w:gz") as archive:
        archive.addfile(tarfile.TarInfo(name), io.BytesIO(b""))
    path = tmp_path / "bad.tar.gz"
    path.write_bytes(raw.getvalue())

    with pytest.raises(ArtifactError, match="outside of it"):
        inspect(path)


@given(st.binary(max_size=200))
def test_broken_archive_is_an_artifact_error(data: bytes):
    """Whatever stands in the file, the answer is a fault and never a traceback."""
    path = Path(os.environ.get("TMPDIR", "/tmp")) / f"tidegate-{os.getpid()}.tar.gz"  # noqa: S108
    try:
        path.write_bytes(gzip.compress(data))
        with pytest.raises(ArtifactError):
            inspect(path)
    finally:
        path.unlink()
