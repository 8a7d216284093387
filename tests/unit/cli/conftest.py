"""A deployed project of fakes before the command line, in an empty folder."""

from pathlib import Path

import pytest

from tests.cli_world import CliWorld


@pytest.fixture
def world(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> CliWorld:
    """v1 is live in blue, v2 waits in green, and the working folder is empty."""
    monkeypatch.chdir(tmp_path)
    return CliWorld(project_file=tmp_path / "tidegate.yaml")
