"""Which files of a build make its artifact."""

from pathlib import Path

import pytest

from emulator.codebuild.artifacts import members
from emulator.codebuild.buildspec import ArtifactSpec
from emulator.codebuild.errors import PhaseError

FILES = ("a.txt", "dist/app.js", "dist/deep/b.txt", "dist/deep/c.tmp")


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """A folder with those files."""
    for name in FILES:
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(name, encoding="utf-8")
    return tmp_path


@pytest.mark.parametrize(
    ("patterns", "names"),
    [
        (("**/*",), FILES),
        (("a.txt",), ("a.txt",)),
        (("./a.txt",), ("a.txt",)),
        (("*",), ("a.txt",)),
        (("dist",), FILES[1:]),
        (("dist/*",), ("dist/app.js",)),
        (("dist/**/*",), FILES[1:]),
        (("**/*.txt",), ("a.txt", "dist/deep/b.txt")),
        (("dist/*.js", "a.txt"), ("a.txt", "dist/app.js")),
    ],
)
def test_patterns_choose_files(source: Path, patterns: tuple[str, ...], names: tuple[str, ...]):
    """`**/*` is everything, a folder what is in it, `*` one level."""
    found = [name for name, _ in members(ArtifactSpec(files=patterns), source)]
    assert found == sorted(names)


def test_base_directory_exclusions_and_discarded_paths(source: Path):
    """Names begin at the base directory, or are bare."""
    spec = ArtifactSpec(files=("**/*",), base_directory="dist", exclude=("**/*.tmp",))
    assert [name for name, _ in members(spec, source)] == ["app.js", "deep/b.txt"]
    bare = ArtifactSpec(files=("**/*.txt",), discard_paths=True)
    assert [name for name, _ in members(bare, source)] == ["a.txt", "b.txt"]


def test_nothing_found_is_an_error_in_awss_words(source: Path):
    """No file, and no base directory."""
    with pytest.raises(PhaseError, match="no matching artifact paths found"):
        members(ArtifactSpec(files=("*.jar",)), source)
    with pytest.raises(PhaseError, match="no matching base directory path found for out"):
        members(ArtifactSpec(files=("**/*",), base_directory="out"), source)
