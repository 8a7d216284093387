"""The four artifacts, trained once a run, and what they answer to held-out flights."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from examples.flights.evaluate import Answered, ask
from examples.flights.traffic import Row, held_out
from examples.flights.train import VERSIONS, build
from examples.flights.training import Trained
from tests.once import made_once, shared_folder

ROWS_ASKED = {"v1": 3000, "v2": 3000, "v3": 3000, "v4": 12}


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """Where all workers find what one of them made."""
    return shared_folder(tmp_path_factory, worker_id)


@pytest.fixture(scope="session")
def artifacts(shared: Path) -> tuple[Path, Mapping[str, Trained]]:
    """The folder that holds one artifact a version, and what training said of each."""
    folder = shared / "flights"
    trained = made_once(shared, "flights", lambda: {v: build(v, folder / v) for v in VERSIONS})
    return folder, trained


@pytest.fixture(scope="session")
def artifact_folder(artifacts: tuple[Path, Mapping[str, Trained]]) -> Path:
    """The folder that holds one artifact a version."""
    return artifacts[0]


@pytest.fixture(scope="session")
def trained(artifacts: tuple[Path, Mapping[str, Trained]]) -> Mapping[str, Trained]:
    """What training said of each version."""
    return artifacts[1]


@pytest.fixture(scope="session")
def rows() -> tuple[Row, ...]:
    """The held-out flights."""
    return held_out()


@pytest.fixture(scope="session")
def answers(
    shared: Path, artifact_folder: Path, rows: tuple[Row, ...]
) -> Mapping[str, list[Answered]]:
    """What each version answers to the first held-out flights; version 4, being slow, to few."""

    def asked(version: str) -> list[Answered]:
        return ask(artifact_folder / version, rows[: ROWS_ASKED[version]])

    def all_asked() -> Mapping[str, list[Answered]]:
        # Version 4 mostly waits: the others answer meanwhile.
        with ThreadPoolExecutor(len(ROWS_ASKED)) as pool:
            return dict(zip(ROWS_ASKED, pool.map(asked, ROWS_ASKED), strict=True))

    return made_once(shared, "answers", all_asked)
