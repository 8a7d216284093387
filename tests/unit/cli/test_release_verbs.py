"""The operator's verbs, from the command line to the ports."""

import pytest

from cli.executions import Ending
from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import MODEL, RELEASE
from tidegate.release import Phase


def opened(world: CliWorld) -> None:
    """A release was opened and its execution runs."""
    world.release.prepare()
    world.release.executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)


def test_start_starts_an_execution_of_a_new_release(world: CliWorld):
    """A started release is told by its id, and its machine runs."""
    said = world.run("release", "start", MODEL, "--json")
    assert said.code == 0
    assert world.release.executions.started == [(said.json()["release_id"], 1)]
    assert said.json()["release_id"].startswith(f"{MODEL}-")


def test_start_of_an_unknown_model_lists_the_models(world: CliWorld):
    """An unknown model is a wrong usage, answered with the names there are."""
    said = world.run("release", "start", "nope")
    assert said.code == 2
    assert f"deployed: {MODEL}" in said.err


def test_start_on_a_locked_model_names_the_holder(world: CliWorld):
    """A second release is refused, and the release that holds the model is named."""
    opened(world)
    said = world.run("release", "start", MODEL, "--json")
    assert said.code == 3
    assert said.json()["code"] == "refused"
    assert RELEASE in said.json()["error"]


def test_start_of_what_is_live_already_is_refused(world: CliWorld):
    """There is nothing to release while both slots hold one version."""
    world.declare(blue="v1", green="v1")
    said = world.run("release", "start", MODEL)
    assert said.code == 3
    assert "deploy a new version first" in said.err


@pytest.mark.parametrize(
    ("error_share", "told"), [(0.0, "is what v2 replaced"), (0.3, "was rolled back")]
)
def test_start_of_an_old_or_bad_version_needs_again(world: CliWorld, error_share: float, told: str):
    """A version that was replaced or taken back is released only when that is said outright."""
    world.release.traffic = Traffic(error_shares={"green": error_share})
    world.release.run()
    refused = world.run("release", "start", MODEL)
    assert refused.code == 3
    assert told in refused.err
    assert world.run("release", "start", MODEL, "--again").code == 0


def test_start_and_watch_tells_why_the_machine_refused(world: CliWorld):
    """The error and the cause of the refused execution are in the message."""
    world.endings.every = Ending(
        name="x-e1", status="FAILED", error="LockedError", cause="it is being released"
    )
    said = world.run("release", "start", MODEL, "--watch", "--json")
    assert said.code == 3
    assert "LockedError: it is being released" in said.json()["error"]


def test_pause_writes_who_when_and_why(world: CliWorld):
    """A pause is in the record with the reason given."""
    opened(world)
    said = world.run("release", "pause", MODEL, "--why", "lunch", "--json")
    assert said.code == 0
    assert said.json()["paused"] == "lunch"
    paused = world.release.record().paused
    assert paused is not None
    assert paused.at == world.release.clock.now()


def test_resume_starts_the_next_epoch(world: CliWorld):
    """A resumed release goes on in an execution of a new epoch."""
    opened(world)
    world.run("release", "pause", MODEL)
    assert world.run("release", "resume", MODEL).code == 0
    assert world.release.executions.started[-1] == (RELEASE, 2)


def test_promote_leaves_an_order_in_the_record(world: CliWorld):
    """An order to promote is in the record until the next look."""
    opened(world)
    assert world.run("release", "promote", RELEASE, "--why", "agreed").code == 0
    forced = world.release.record().forced
    assert forced is not None
    assert forced.why == "agreed"


def test_abort_ends_well_once_all_traffic_is_back(world: CliWorld):
    """Abort waits for the read-back, and that it was aborted is its success."""
    opened(world)
    world.release.executions.ended.add((RELEASE, 1))
    started = world.release.executions.start

    def start_and_run(*, release_id: str, model: str, who: str, epoch: int) -> None:
        started(release_id=release_id, model=model, who=who, epoch=epoch)
        world.release.run(epoch=epoch)

    world.release.executions.start = start_and_run  # type: ignore[method-assign]
    said = world.run("release", "abort", MODEL, "--why", "bad day")
    assert said.code == 0
    assert world.release.record().phase is Phase.ABORTED
    assert "bad day" in said.out


@pytest.mark.parametrize("verb", ["pause", "resume", "promote", "abort"])
def test_verbs_on_a_release_that_is_over_are_refused(world: CliWorld, verb: str):
    """Nothing can be changed of a release that is over, and that is said."""
    world.release.run()
    said = world.run("release", verb, MODEL, "--json")
    assert said.code == 3
    assert "is over (promoted)" in said.json()["error"]


@pytest.mark.parametrize(
    "verb", ["status", "watch", "pause", "resume", "promote", "abort", "report"]
)
def test_verbs_on_an_unknown_release_list_the_models(world: CliWorld, verb: str):
    """Neither a release nor a model: a wrong usage that names the models."""
    said = world.run("release", verb, "nope", "--json")
    assert said.code == 2
    assert said.json()["error"].endswith(f"models: {MODEL}")


@pytest.mark.parametrize("verb", ["status", "watch", "report"])
def test_verbs_on_a_model_without_a_release_say_how_to_start_one(world: CliWorld, verb: str):
    """A deployed model may have had no release yet."""
    said = world.run("release", verb, MODEL)
    assert said.code == 3
    assert f"tidegate release start {MODEL}" in said.err


@pytest.mark.parametrize(
    ("error_share", "code"), [(0.0, 0), (0.3, 4)], ids=["promoted", "rolled back"]
)
def test_status_exits_with_how_the_release_ended(world: CliWorld, error_share: float, code: int):
    """The exit code of status is that of the release."""
    world.release.traffic = Traffic(error_shares={"green": error_share})
    world.release.run()
    said = world.run("release", "status", MODEL)
    assert said.code == code


def test_status_of_a_paused_release_exits_with_six(world: CliWorld):
    """A release that waits for an operator has an exit code of its own."""
    opened(world)
    world.run("release", "pause", MODEL)
    assert world.run("release", "status", MODEL).code == 6


def test_status_in_json_has_the_whole_view(world: CliWorld):
    """History and derived figures are in the document."""
    world.release.run()
    view = world.run("release", "status", MODEL, "--json").json()
    assert view["release_id"] == RELEASE
    assert view["points"]
    assert view["log"][0]["what"] == "opened"
    assert view["candidate"]["bad_answers"] == 0


def test_report_writes_a_page_named_by_the_release(world: CliWorld):
    """Reports of two releases do not overwrite each other."""
    world.release.run()
    said = world.run("release", "report", MODEL)
    assert said.code == 0
    page = world.project_file.parent / "build" / "reports" / f"{RELEASE}.html"
    assert RELEASE in page.read_text(encoding="utf-8")


def test_commands_before_a_deploy_say_so_in_json(world: CliWorld):
    """Where nothing is deployed, standard output still has exactly one document."""
    world.is_deployed = False
    said = world.run("release", "status", "--json")
    assert said.code == 1
    assert said.json()["error"] == "nothing is deployed"
