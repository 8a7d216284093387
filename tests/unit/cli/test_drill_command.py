"""`tidegate drill`: the bad version goes in, is taken back, and the own version is back."""

from pathlib import Path

import pytest

from cli.executions import Ending
from tests.cli_world import BODY, CliWorld
from tests.release_world import Traffic
from tests.samples import MODEL, RELEASE
from tidegate.release import Phase

PROJECT = f"""
project: demo
stages:
  dev: {{region: eu-west-1}}
models:
  {MODEL}: {{framework: scikit-learn, artifact: artifact}}
"""


@pytest.fixture
def drilling(world: CliWorld, monkeypatch: pytest.MonkeyPatch) -> CliWorld:
    """A project whose next release is run by a machine as soon as it is started."""
    code = world.project_file.parent / "artifact" / "code"
    code.mkdir(parents=True)
    (code / "inference.py").write_text("def input_fn(body, content_type): return body\n")
    world.project_file.write_text(PROJECT)
    monkeypatch.setattr("cli.verbs.new_release_id", lambda _model, **_: RELEASE)
    started = world.release.executions.start

    def start_and_run(*, release_id: str, model: str, who: str, epoch: int) -> None:
        started(release_id=release_id, model=model, who=who, epoch=epoch)
        world.release.run(epoch=epoch)

    monkeypatch.setattr(world.release.executions, "start", start_and_run)
    world.release.traffic = Traffic(error_shares={"green": 0.3})
    return world


def drill_file() -> Path:
    """The project file that a drill deploys."""
    return Path(".tidegate") / f"tidegate-drill-{MODEL}.yaml"


def test_a_drill_that_was_rolled_back_is_a_success(drilling: CliWorld):
    """The way back is proven, its figures are told, and the own version is deployed again."""
    said = drilling.run("drill", "rollback", MODEL)
    assert said.code == 0
    assert drilling.release.record().phase is Phase.ROLLED_BACK
    assert drilling.deployments == [drill_file(), drilling.project_file]
    assert "bad answers served by the drill" in said.out


def test_a_drill_in_json_is_one_document(drilling: CliWorld):
    """Only the view, with the seconds of the wall's clock, is on standard output."""
    document = drilling.run("drill", "rollback", MODEL, "--json").json()
    assert document["phase"] == "rolled-back"
    assert document["time_to_restore_seconds"] >= 0
    assert document["wall_seconds"] >= 0


def test_a_drill_that_was_promoted_is_a_failure(drilling: CliWorld):
    """A bad version that got through is the worst news: exit 1, one document, own version back."""
    drilling.release.traffic = Traffic()
    said = drilling.run("drill", "rollback", MODEL, "--json")
    assert said.code == 1
    assert "ended promoted" in said.json()["error"]
    assert f"tidegate release start {MODEL} --again" in said.json()["error"]
    assert drilling.deployments[-1] == drilling.project_file


def test_a_stopped_drill_takes_its_version_back(
    drilling: CliWorld, monkeypatch: pytest.MonkeyPatch
):
    """Ctrl-C in a drill never leaves the bad version with a share."""
    pressed = []

    def ending(*, release_id: str, epoch: int) -> Ending | None:
        if not pressed:
            pressed.append(True)
            raise KeyboardInterrupt
        return None

    def start(*, release_id: str, model: str, who: str, epoch: int) -> None:
        if epoch == 1:
            drilling.release.prepare()
        else:
            drilling.release.run(epoch=epoch)

    monkeypatch.setattr(drilling.release.executions, "start", start)
    monkeypatch.setattr(drilling.endings, "ending", ending)
    said = drilling.run("drill", "rollback", MODEL)
    assert said.code == 130
    assert drilling.release.record().phase is Phase.ABORTED
    assert drilling.deployments[-1] == drilling.project_file


def test_a_drill_stopped_while_it_puts_things_back_says_what_is_left(drilling: CliWorld):
    """Whoever presses Ctrl-C twice is told how to finish by hand."""
    deploys: list[CliWorld] = []

    def interrupted_at_the_second(world: CliWorld) -> None:
        deploys.append(world)
        if len(deploys) == 2:
            raise KeyboardInterrupt

    drilling.on_deploy = interrupted_at_the_second
    said = drilling.run("drill", "rollback", MODEL)
    assert said.code == 130
    assert "tidegate deploy --project-file" in said.err


def test_a_drill_can_make_its_own_traffic(drilling: CliWorld, tmp_path: Path):
    """Each line of the payloads is a request body of the drill's users."""
    lines = tmp_path / "payloads.jsonl"
    lines.write_bytes(BODY + b"\n\n" + BODY + b"\n")
    said = drilling.run("drill", "rollback", MODEL, "--payloads", str(lines))
    assert said.code == 0
    assert {body for _, body, _, _ in drilling.door.asked} <= {BODY}


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("nope",), "no model nope"),
        ((MODEL, "--payloads", "absent"), "absent does not exist"),
        ((MODEL, "--payloads", "/dev/null"), "has no request body"),
        ((MODEL, "--error-percent", "0"), "--error-percent"),
    ],
)
def test_a_drill_asked_for_wrongly_changes_nothing(
    drilling: CliWorld, arguments: tuple[str, ...], told: str
):
    """Wrong usage is found before anything is deployed."""
    said = drilling.run("drill", "rollback", *arguments)
    assert said.code == 2
    assert told in said.err
    assert drilling.deployments == []


def test_payloads_without_a_request_are_refused(drilling: CliWorld, tmp_path: Path):
    """An empty file makes no traffic, and that is said before anything is deployed."""
    (tmp_path / "empty").write_text("\n")
    said = drilling.run("drill", "rollback", MODEL, "--payloads", str(tmp_path / "empty"))
    assert (said.code, drilling.deployments) == (2, [])
