"""Model artifacts on this machine: what is in them, their digest, and packing them reproducibly.

The digest is over names, modes and bytes: a directory and any packing of it are one version. A
mode is executable or not, since everything else depends on the machine that made the file.
"""

import gzip
import hashlib
import io
import tarfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

_SKIPPED = frozenset({"__pycache__", ".DS_Store", ".ipynb_checkpoints"})
_CHUNK = 1 << 20


class ArtifactError(Exception):
    """An artifact cannot be used; the message says why, and what to do."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """What is in an artifact: the names of its files, sorted, and the digest of all of it."""

    names: tuple[str, ...]
    digest: str


def inspect(path: Path) -> Contents:
    """What a directory or .tar.gz holds; ArtifactError when it cannot be an artifact."""
    members = dict(sorted(_members(path)))
    if not members:
        raise ArtifactError("it is empty: a model artifact holds the trained model")
    listing = "".join(f"{name}\0{member}\n" for name, member in members.items())
    return Contents(names=tuple(members), digest=hashlib.sha256(listing.encode()).hexdigest())


def write_archive(path: Path, destination: Path) -> None:
    """A .tar.gz of the artifact stands at `destination`: of a directory, always the same bytes."""
    if path.is_file():
        destination.write_bytes(path.read_bytes())
        return
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, file in sorted(_files(path)):
            entry = tarfile.TarInfo(name)
            entry.size = file.stat().st_size
            entry.mode = 0o755 if _executable(file.stat().st_mode) else 0o644
            with file.open("rb") as content:
                archive.addfile(entry, content)
    destination.write_bytes(gzip.compress(raw.getvalue(), compresslevel=6, mtime=0))


def _members(path: Path) -> Iterator[tuple[str, str]]:
    if path.is_dir():
        for name, file in _files(path):
            with file.open("rb") as content:
                yield name, _member(content, executable=_executable(file.stat().st_mode))
        return
    try:
        with tarfile.open(path, mode="r:gz") as archive:
            yield from _archived(archive)
    except (tarfile.TarError, EOFError, OSError) as error:
        raise ArtifactError(f"it is not a readable .tar.gz: {error}") from error


def _archived(archive: tarfile.TarFile) -> Iterator[tuple[str, str]]:
    for entry in archive:
        name = entry.name.removeprefix("./")
        if entry.isdir() or _skipped(name):
            continue
        content = archive.extractfile(entry) if entry.isfile() else None
        if content is None or name.startswith("/") or ".." in name.split("/"):
            raise ArtifactError(
                f"{entry.name} is a link, a device or outside of it: keep plain files only"
            )
        yield name, _member(content, executable=_executable(entry.mode))


def _files(folder: Path) -> Iterator[tuple[str, Path]]:
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if _skipped(name):
            continue
        if path.is_symlink():
            raise ArtifactError(f"{name} is a symbolic link: put the file itself there")
        if path.is_file():
            yield name, path


def _skipped(name: str) -> bool:
    return not _SKIPPED.isdisjoint(name.split("/")) or name.endswith(".pyc")


def _executable(mode: int) -> bool:
    return bool(mode & 0o100)


def _member(content: IO[bytes], *, executable: bool) -> str:
    digest = hashlib.sha256()
    while chunk := content.read(_CHUNK):
        digest.update(chunk)
    return f"{'x' if executable else '-'} {digest.hexdigest()}"
