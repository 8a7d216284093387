"""What stands for a Git repository on this machine: a clone, a plain folder, or a zip file.

Below the folder of a connection, `owner/name` is looked for as a Git repository (the branch's last
commit is read), as a folder of files, and as `owner/name.zip`; the latter two have no branches,
and a digest of their files instead of a commit id.
"""

import hashlib
import os
import subprocess
import tempfile
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from emulator import archives

_GIT_TIMEOUT_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The files of a repository at one commit, as a zip; times are Unix seconds."""

    content: bytes
    commit: str
    message: str
    author_date: str
    committed: float


def snapshot(root: Path, repository: str, branch: str, commit: str | None) -> Snapshot:
    """The repository's files; LookupError if there is no such repository, branch or commit."""
    place = (root / repository).resolve()
    if not place.is_relative_to(root.resolve()):
        raise LookupError(f"No repository named {repository} found")
    if (place / ".git").exists() or (place / "HEAD").is_file():
        return _from_git(place, repository, branch if commit is None else commit)
    packed = place.with_name(f"{place.name}.zip")
    if place.is_dir():
        return _from_folder(place)
    if packed.is_file():
        return _without_history(packed.read_bytes(), packed.stat().st_mtime)
    raise LookupError(f"No repository named {repository} found in {root}")


def _from_git(place: Path, repository: str, reference: str) -> Snapshot:
    try:
        said = _git(place, "log", "-1", "--format=%H%x00%s%x00%aI%x00%ct", reference, "--")
        content = _git(place, "archive", "--format=zip", reference)
    except subprocess.CalledProcessError as error:
        raise LookupError(f"No Branch [{reference}] found for FullRepositoryName [{repository}]"
                          ) from error  # fmt: skip
    commit, message, author_date, committed = said.decode().rstrip("\n").split("\0")
    return Snapshot(
        content=content,
        commit=commit,
        message=message,
        author_date=author_date,
        committed=float(committed),
    )


def _git(place: Path, *arguments: str) -> bytes:
    environment = {
        "PATH": os.environ.get("PATH", os.defpath),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "HOME": tempfile.gettempdir(),
    }
    done = subprocess.run(
        ["git", "-c", f"safe.directory={place}", "-C", str(place), *arguments],
        env=environment,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
        timeout=_GIT_TIMEOUT_SECONDS,
    )
    return done.stdout


def _from_folder(place: Path) -> Snapshot:
    files = sorted(path for path in place.rglob("*") if path.is_file() or path.is_symlink())
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder) / "source.zip"
        archives.pack_zip(archive, ((p.relative_to(place).as_posix(), p) for p in files))
        content = archive.read_bytes()
    newest = max((path.lstat().st_mtime for path in files), default=0.0)
    return _without_history(content, newest)


def _without_history(content: bytes, changed: float) -> Snapshot:
    digest = hashlib.sha1(content, usedforsecurity=False).hexdigest()
    return Snapshot(
        content=content,
        commit=digest,
        message="files without history",
        author_date=datetime.fromtimestamp(changed, UTC).isoformat(),
        committed=changed,
    )
