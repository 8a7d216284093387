"""The example whose loop closes: its traffic shifts from winter to summer, and it learns summer."""

import json
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import app
from cli.monitors import find_monitor
from cli.options import PLACES, On, Place
from cli.project import read_project
from cli.reactions import find_reaction
from cli.target import embedded_target
from emulator.server import EmbeddedCloud
from examples.flights.dataset import SUMMER, WINTER, held_out_flights
from examples.flights.retraining.__main__ import lay_out
from examples.flights.retraining.first import build
from examples.flights.traffic import Row, is_wrong, mixed, payload
from tests.e2e.leaving import remove_stacks
from tests.e2e.monitors import counted

pytestmark = pytest.mark.accept

EXAMPLE = Path(__file__).parents[2] / "examples" / "training" / "flights.yaml"
Command = Callable[..., Any]

STEADY, TRUTHS, FOUND_WITHIN = 400, 600, 1_500


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The project, its first version, and the code and data of its training."""
    made = tmp_path_factory.mktemp("flights")
    build(made / "build" / "flights" / "winter")
    shutil.copy(EXAMPLE.with_name("winter-baseline.json"), made)
    lay_out(made / "build" / "flights" / "retraining")
    text = EXAMPLE.read_text().replace("../../build", "build").replace("eu-west-1", "us-east-1")
    # An hour of the cloud's clock: two busy cores may take their time to start a container.
    text = text.replace("ml.m5.large }", "ml.m5.large, start_timeout: 60m }")
    # The monitor looks when the story does: by its schedule it would act before the drill begins.
    assert "every: 5m" in text
    (made / "tidegate.yaml").write_text(text.replace("every: 5m", "every: 1d"))
    return made


@pytest.fixture(scope="module")
def where(
    story_cloud: EmbeddedCloud, folder: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    """The example, deployed."""
    project = read_project(folder / "tidegate.yaml")
    place = Place(project=project, stage="dev", target=embedded_target(story_cloud))
    place.deploy(assembly=tmp_path_factory.mktemp("assembly"))
    yield place
    for stack in ("monitoring-flights", "training-flights", "model-flights", "release"):
        remove_stacks(story_cloud, f"trained-dev-{stack}")


@pytest.fixture(scope="module")
def command(where: Place) -> Command:
    """Runs `tidegate`, and reads its JSON."""

    def place(_file: Path, _stage: str | None, _on: On) -> Place:
        return where

    def run(*words: str, code: int = 0) -> Any:
        token = PLACES.set(place)
        try:
            done = CliRunner().invoke(app, [*words, "--json"])
        finally:
            PLACES.reset(token)
        assert done.exit_code == code, done.output
        return json.loads(done.stdout)

    return run


def asked(where: Place, rows: Sequence[Row]) -> float:
    """The front door answers each; the share of answers that turned out wrong."""
    door = where.front_door()
    replies = [door.predict("flights", payload(row)) for row in rows]
    assert {reply.status for reply in replies} == {200}
    return sum(is_wrong(r.body, row) for r, row in zip(replies, rows, strict=True)) / len(rows)


def flights_of(months: range) -> tuple[Row, ...]:
    """Held-out flights as requests."""
    return mixed(flight for flight in held_out_flights() if flight.month in months)


@pytest.mark.timeout(900)
def test_a_real_shift_is_found_learnt_and_released(
    command: Command, where: Place, folder: Path, monkeypatch: pytest.MonkeyPatch
):
    """Winter is steady; summer is drift, trains a better version by itself, and brings it live."""
    monkeypatch.chdir(folder)
    monitor = find_monitor(where, "flights")
    asked(where, flights_of(WINTER)[:STEADY])
    steady = counted(monitor, STEADY)
    assert steady["word"] == "steady", steady["reason"]
    assert steady["baseline"]["of"] == "the project file"
    summer = flights_of(SUMMER)
    before = asked(where, summer[:TRUTHS])

    lines = folder / "build" / "flights" / "retraining" / "requests" / "summer.jsonl"
    data = str(folder / "build" / "flights" / "retraining" / "data")
    drill = ("drill", "drift", "flights", "--payloads", str(lines), "--data", data)
    chain = command(*drill, "--approve", "--requests", "3000")

    assert TRUTHS + chain["found_after_requests"] <= FOUND_WITHIN
    assert all(found.startswith("data drift: ") for found in chain["findings"])
    run = chain["run"]
    (figure,) = run["figures"]
    assert figure["value"] < 0.9 * figure["live"]
    assert (run["status"], run["approval"], chain["phase"]) == ("Succeeded", "Approved", "promoted")
    assert chain["after"]["baseline"] == "package-1"
    after = asked(where, summer[:TRUTHS])
    assert after < before

    view = monitor.report()
    assert view is not None
    assert view["word"] in {"waiting", "steady"}, view["reason"]
    memory = find_reaction(where, "flights").memory()
    assert [act.action for act in memory.acts] == ["retrain"]
    (first,) = command("train", "report", "flights")["runs"]
    assert (first["id"], first["approval"]) == (run["id"], "Approved")


def test_what_cannot_be_is_refused_with_what_to_do(command: Command, folder: Path):
    """An unknown run, a version that is not there, a folder without data."""
    assert "known:" in command("train", "status", "flights", "--run", "no", code=2)["error"]
    missing = command("train", "approve", "flights", "--version", "99", code=3)
    assert "no version 99" in missing["error"]
    empty = folder / "empty"
    empty.mkdir()
    assert "no files" in command("train", "run", "flights", "--data", str(empty), code=2)["error"]
