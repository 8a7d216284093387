"""What the demo leaves behind, and what it expects of itself."""

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from cli.commands.demo import unexpected
from cli.demo.project import project_with
from cli.demo.summary import Told, release_figures, summary_table, write_summary
from cli.exits import CommandError
from cli.output import CONSOLE
from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import RELEASE, record
from tidegate.view import view_of

FIGURES = {"time_scale": 60.0, "seed": 1}
KEYS = {
    "model",
    "version",
    "strategy",
    "verdict",
    "reason",
    "candidate_requests",
    "bad_answers",
    "seconds",
    "time_to_restore_seconds",
}


@pytest.fixture
def told(world: CliWorld) -> Told:
    """A release that was rolled back."""
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    world.release.run()
    return Told(view=world.deployed().view(RELEASE), wall_seconds=12.34)


def test_the_summary_has_the_figures_of_every_release(told: Told, tmp_path: Path):
    """`summary.json` has the keys that others read, with the view's values."""
    write_summary(tmp_path, [told], figures=FIGURES)
    summary = json.loads((tmp_path / "summary.json").read_text())
    (release,) = summary["releases"]
    assert set(release) >= KEYS
    assert release["verdict"] == "rolled-back"
    assert release["bad_answers"] == told.view.candidate.bad_answers
    assert (summary["seed"], summary["time_scale"]) == (1, 60.0)


def test_report_and_summary_tell_the_same(told: Told, tmp_path: Path):
    """The report is of the same view, and says that AWS was emulated."""
    report = write_summary(tmp_path / "new", [told], figures=FIGURES)
    text = report.read_text(encoding="utf-8")
    assert told.view.release_id in text
    assert "AWS was emulated" in text
    assert "60 s of the cloud" in text


def test_an_unfinished_release_has_no_made_up_figures(tmp_path: Path):
    """None where nothing is known: the file stays readable, the table shows a dash."""
    fresh = Told(view=view_of(record(), looks=(), counters=(), log=()), wall_seconds=150.0)
    write_summary(tmp_path, [fresh], figures=FIGURES)
    assert release_figures(fresh)["seconds"] is None
    with CONSOLE.capture() as capture:
        CONSOLE.print(summary_table([fresh]))
    assert " - " in capture.get()


@pytest.mark.parametrize(
    ("ended", "surprises"),
    [
        ({"v2": "promoted", "v3": "rolled-back", "v4": "rolled-back"}, ()),
        (
            {"v2": "promoted", "v3": "promoted", "v4": "rolled-back"},
            ("v3 ended promoted, expected rolled-back",),
        ),
        ({"v2": "baking"}, ("v2 ended baking", "v3 ended unreleased", "v4 ended unreleased")),
    ],
)
def test_a_story_that_went_otherwise_is_a_failure(
    ended: dict[str, str], surprises: tuple[str, ...]
):
    """Each version that ended otherwise is named with what was expected."""
    found = unexpected(ended)
    assert len(found) == len(surprises)
    assert all(text.startswith(start) for text, start in zip(found, surprises, strict=True))


PROJECT = """
# kept
project: demo
stages: {dev: {region: eu-west-1}}
models:
  flights: {artifact: build/flights/v1, release: {strategy: canary}}
"""


def test_the_demos_project_differs_in_artifact_and_label_only(tmp_path: Path):
    """Each version is deployed by the example's own project file."""
    source = tmp_path / "tidegate.yaml"
    source.write_text(PROJECT)
    copy = project_with("v3", source=source, folder=tmp_path / "demo")
    before, after = (YAML(typ="safe").load(path) for path in (source, copy))
    changed = after["models"]["flights"]
    assert changed.pop("label") == "v3"
    assert changed.pop("artifact").endswith("build/flights/v3")
    del before["models"]["flights"]["artifact"]
    assert before == after


def test_a_project_without_the_demos_model_is_refused(tmp_path: Path):
    """The demo says which model it needs."""
    source = tmp_path / "tidegate.yaml"
    source.write_text("project: demo\nmodels: {other: {}}\n")
    with pytest.raises(CommandError, match="no model flights, it has: other"):
        project_with("v2", source=source, folder=tmp_path)
