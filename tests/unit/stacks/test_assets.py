"""The archive of the functions' code."""

import io
import os
import zipfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from stacks.assets import AssetShelf, agent_files, code_archive


def _code(folder: Path) -> Path:
    (folder / "judge").mkdir(parents=True)
    (folder / "judge" / "handler.py").write_text("def handle(): ...\n")
    (folder / "judge" / "__init__.py").write_text("")
    return folder


def test_archive_is_the_same_for_the_same_content(tmp_path: Path):
    """Time, mode and what running left behind are not in it."""
    first, second = _code(tmp_path / "a"), _code(tmp_path / "b")
    os.utime(second / "judge" / "handler.py", (1, 1))
    (second / "judge" / "handler.py").chmod(0o600)
    (second / "judge" / "__pycache__").mkdir()
    (second / "judge" / "__pycache__" / "handler.cpython-311.pyc").write_bytes(b"x")

    assert code_archive(first) == code_archive(second)


def test_archive_holds_every_module(tmp_path: Path):
    """Names start at the folder, so that `judge.handler.handle` is found."""
    archive = zipfile.ZipFile(io.BytesIO(code_archive(_code(tmp_path / "a"))))

    assert archive.namelist() == ["judge/__init__.py", "judge/handler.py"]
    assert archive.read("judge/handler.py") == b"def handle(): ...\n"


def test_change_of_the_code_changes_the_archive(tmp_path: Path):
    """A new version of a function is deployed."""
    folder = _code(tmp_path / "a")
    before = code_archive(folder)
    (folder / "judge" / "handler.py").write_text("def handle(): return 1\n")

    assert code_archive(folder) != before


def test_the_agent_comes_beside_the_functions(tmp_path: Path):
    """Python files only, where `import codeguru_profiler_agent` finds them."""
    content = code_archive(_code(tmp_path / "a"), agent_files())
    names = zipfile.ZipFile(io.BytesIO(content)).namelist()

    assert "codeguru_profiler_agent/__init__.py" in names
    assert "judge/handler.py" in names
    assert all(name.endswith(".py") for name in names)


def test_the_code_of_an_assembly_is_packed_once(tmp_path: Path):
    """All its stacks deploy the same, also where somebody edits it meanwhile."""
    asked: list[str] = []
    folder, shelf = _code(tmp_path / "a"), AssetShelf(folder=tmp_path / "out")
    for text in ("def handle(): ...", "def handle(): return 1"):
        (folder / "judge" / "handler.py").write_text(text)
        shelf.publish_code(_stack(asked), folder, _STAGE)

    assert len(asked) == 2
    assert set(asked) == {path.name for path in (tmp_path / "out").iterdir()}


_STAGE: Any = SimpleNamespace(profiling=None)


def _stack(asked: list[str]) -> Any:
    """A stack that keeps the names of what is published with it."""

    def add(*, file_name: str, **_: object) -> object:
        asked.append(file_name)
        return SimpleNamespace(s3_object_url_with_placeholders=f"s3://assets/{file_name}")

    return SimpleNamespace(synthesizer=SimpleNamespace(add_file_asset=add))
