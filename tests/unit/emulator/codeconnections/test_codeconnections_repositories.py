"""A folder of this machine stands for a Git repository."""

import io
import subprocess
import zipfile
from pathlib import Path

import pytest

from emulator.codeconnections.repositories import snapshot


def _names(content: bytes) -> list[str]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        return sorted(archive.namelist())


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """A clone `o/r` with two commits on `main`."""
    place = tmp_path / "o" / "r"
    place.mkdir(parents=True)

    def git(*arguments: str) -> None:
        subprocess.run(["git", *arguments], cwd=place, check=True, capture_output=True)

    git("init", "-q", "-b", "main")
    for name in ("one", "two"):
        (place / name).write_text(name, encoding="utf-8")
        git("add", ".")
        git("-c", "user.name=n", "-c", "user.email=e@x", "commit", "-q", "-m", f"add {name}")
    (place / "not-committed").write_text("x", encoding="utf-8")
    return place


def test_a_branchs_last_commit_is_read(tmp_path: Path, repository: Path):
    """Committed files only, with the commit's id and message; an older commit on request."""
    found = snapshot(tmp_path, "o/r", "main", None)
    assert _names(found.content) == ["one", "two"]
    assert found.message == "add two"
    older = subprocess.run(
        ["git", "rev-parse", "HEAD~1"], cwd=repository, check=True, capture_output=True, text=True
    ).stdout.strip()
    assert _names(snapshot(tmp_path, "o/r", "main", older).content) == ["one"]
    with pytest.raises(LookupError, match=r"No Branch \[other\] found"):
        snapshot(tmp_path, "o/r", "other", None)


def test_a_folder_and_a_zip_have_a_digest_for_a_commit(tmp_path: Path):
    """The same files give the same id, other files another."""
    folder = tmp_path / "o" / "plain"
    folder.mkdir(parents=True)
    (folder / "a").write_text("a", encoding="utf-8")
    first = snapshot(tmp_path, "o/plain", "main", None)
    assert (_names(first.content), len(first.commit)) == (["a"], 40)
    assert snapshot(tmp_path, "o/plain", "main", None).commit == first.commit
    (tmp_path / "o" / "packed.zip").write_bytes(first.content)
    assert snapshot(tmp_path, "o/packed", "main", None).commit == first.commit


@pytest.mark.parametrize("name", ["o/none", "../outside"])
def test_no_repository_is_an_error(tmp_path: Path, name: str):
    """Nor is anything outside the folder read."""
    (tmp_path.parent / "outside").mkdir(exist_ok=True)
    with pytest.raises(LookupError, match="No repository named"):
        snapshot(tmp_path / "inner", name, "main", None)
