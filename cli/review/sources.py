"""Which files of a folder are the project's own Python code."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

_OTHERS = frozenset(
    (
        ".git",
        ".venv",
        "venv",
        "node_modules",
        "cdk.out",
        ".tidegate",
        "build",
        "dist",
        "__pycache__",
    )
)
"""Folders that hold what others wrote, or what was made of the source."""


def own_code(root: Path, *, paths: Sequence[str], exclude: Sequence[str]) -> list[str]:
    """The Python files below `paths`, relative to the root, in order; links are not followed.

    `exclude` names files or folders of the root that are left out with all that is below.
    """
    left_out = [(root / name).resolve() for name in exclude]
    found = {
        file
        for path in paths
        for file in _python(root / path)
        if not any(file.resolve().is_relative_to(other) for other in left_out)
    }
    return sorted(file.relative_to(root).as_posix() for file in found)


def _python(start: Path) -> Iterator[Path]:
    if start.is_file():
        yield start
        return
    for folder, folders, names in os.walk(start):
        folders[:] = sorted(name for name in folders if name not in _OTHERS)
        yield from (
            Path(folder) / name
            for name in sorted(names)
            if name.endswith(".py") and not (Path(folder) / name).is_symlink()
        )
