"""The source of a project as one zip: what an upload to the pipeline's bucket is."""

import io
import zipfile
from collections.abc import Iterator
from pathlib import Path

from cli.exits import CommandError, Exit

LEFT_OUT = frozenset({".git", ".venv", "node_modules", "cdk.out", ".tidegate", "__pycache__"})
"""Folders that are made from the source, or know where it came from."""

_EARLIEST = (1980, 1, 1, 0, 0, 0)
_EXECUTABLE = 0o100


def source_archive(folder: Path) -> bytes:
    """A zip of a project's folder: the same bytes for the same content; CommandError if empty."""
    files = list(_files(folder)) if folder.is_dir() else []
    if not files:
        raise CommandError(f"{folder} is no folder with files: name the project's", code=Exit.USAGE)
    raw = io.BytesIO()
    with zipfile.ZipFile(raw, mode="w", compression=zipfile.ZIP_DEFLATED) as archive:
        for path in files:
            entry = zipfile.ZipInfo(path.relative_to(folder).as_posix(), _EARLIEST)
            entry.compress_type = zipfile.ZIP_DEFLATED
            runs = path.stat().st_mode & _EXECUTABLE
            entry.external_attr = (0o100755 if runs else 0o100644) << 16
            archive.writestr(entry, path.read_bytes())
    return raw.getvalue()


def _files(folder: Path) -> Iterator[Path]:
    for path in sorted(folder.rglob("*")):
        inside = path.relative_to(folder).parts
        if path.is_file() and not LEFT_OUT.intersection(inside):
            yield path
