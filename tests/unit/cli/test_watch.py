"""Watching: what is shown, when it ends, and what it says then."""

import json
from collections.abc import Callable
from dataclasses import replace
from itertools import pairwise

import pytest

from cli.display import Form, each_change
from cli.executions import Ending
from cli.exits import CommandError, Exit, InterruptedCommandError
from cli.watch import APPEAR_SECONDS, Pace, exit_of, finished, first_view, watch_release
from tests.cli_world import CliWorld
from tests.release_world import Traffic
from tests.samples import MODEL, RELEASE, START, record
from tidegate.decide import Next
from tidegate.loop.task import TaskOutput
from tidegate.release import Intervention, Phase
from tidegate.view import view_of

OPERATOR = Intervention(who="grace", at=START, why="lunch")


class Machine:
    """Makes the release machine do one task each time that watching waits."""

    def __init__(self, world: CliWorld, *, tasks: int = 600) -> None:
        self.world, self.left = world, tasks
        self.output: TaskOutput = world.release.prepare()
        world.release.executions.start(release_id=RELEASE, model=MODEL, who="ada", epoch=1)

    def wait(self, _: float) -> None:
        """One task, or nothing when the machine has stopped."""
        release = self.world.release
        if self.left == 0 or self.output.next in (Next.REPORT, Next.YIELD, Next.HALT):
            release.executions.ended.add((RELEASE, 1))
            return
        self.left -= 1
        release.advance(self.output.wait_seconds)
        self.output = release.perform(self.output.next)


def ticking() -> Pace:
    """A pace on which a second passes at each look at the clock."""
    seconds = iter(range(10_000))
    return Pace(wait=lambda _: None, now=lambda: float(next(seconds)))


@pytest.mark.parametrize(("error_share", "code"), [(0.0, Exit.OK), (0.3, Exit.ROLLED_BACK)])
def test_watching_lasts_until_the_release_is_over(world: CliWorld, error_share: float, code: Exit):
    """A release is watched to its end, which is the exit code."""
    world.release.traffic = Traffic(error_shares={"green": error_share})
    pace = Pace(wait=Machine(world).wait)
    assert watch_release(world.deployed(), RELEASE, form=Form.LINES, pace=pace) is code
    assert world.release.record().phase.terminal


def test_lines_are_one_a_change(world: CliWorld, capsys: pytest.CaptureFixture[str]):
    """Without a terminal each change is a line with the time since the release began."""
    pace = Pace(wait=Machine(world).wait)
    watch_release(world.deployed(), RELEASE, form=Form.LINES, pace=pace)
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("[0 s] step 1 of 2 (10 %) shifting")
    assert "] promoted: " in lines[-1]
    stands = [line.split("] ", 1)[1] for line in lines]
    assert all(now != then for now, then in pairwise(stands))


def test_json_is_a_document_a_change_without_history(
    world: CliWorld, capsys: pytest.CaptureFixture[str]
):
    """Documents are small however long the release lasts."""
    pace = Pace(wait=Machine(world).wait)
    watch_release(world.deployed(), RELEASE, form=Form.JSON, pace=pace)
    documents = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [d["phase"] for d in documents][-1] == "promoted"
    assert not {"points", "log"} & set(documents[0])
    assert all(a != b for a, b in pairwise(documents))


def test_a_release_without_an_execution_is_not_watched_for_ever(
    world: CliWorld, capsys: pytest.CaptureFixture[str]
):
    """When nothing works on a release any more, that is said with what to do."""
    pace = Pace(wait=Machine(world, tasks=3).wait)
    world.endings.endings[RELEASE, 1] = Ending(name="x", status="ABORTED", error="", cause="")
    code = watch_release(world.deployed(), RELEASE, form=Form.LINES, pace=pace)
    assert code is Exit.UNDECIDED
    said = capsys.readouterr().err
    assert f"tidegate release resume {RELEASE}" in said
    assert "ended ABORTED" in said


def test_ctrl_c_only_stops_watching(world: CliWorld):
    """The release goes on, and the message says how to see it again and how to take it back."""
    world.release.prepare()

    def interrupted(_: float) -> None:
        raise KeyboardInterrupt

    with pytest.raises(InterruptedCommandError, match="tidegate release abort") as stopped:
        watch_release(world.deployed(), RELEASE, form=Form.LINES, pace=Pace(wait=interrupted))
    assert "the release goes on" in str(stopped.value)
    assert world.release.record().phase is Phase.SHIFTING


def test_a_paused_release_is_handed_to_its_operator(
    world: CliWorld, capsys: pytest.CaptureFixture[str]
):
    """A pause ends the watch with the verbs that go on from it."""
    machine = Machine(world)
    world.run("release", "pause", MODEL)
    code = watch_release(world.deployed(), RELEASE, form=Form.LINES, pace=Pace(wait=machine.wait))
    assert code is Exit.UNDECIDED
    assert "resume, promote or abort" in capsys.readouterr().err


def test_the_machine_gets_time_to_open_a_release(world: CliWorld):
    """A release that is not there yet is waited for."""

    def appear(_: float) -> None:
        world.release.prepare()

    assert first_view(world.deployed(), RELEASE, pace=Pace(wait=appear)).release_id == RELEASE


def test_a_release_that_never_opens_is_given_up(world: CliWorld):
    """After the time that opening may take, what to look at is said."""
    with pytest.raises(CommandError, match=f"not opened in {APPEAR_SECONDS:.0f} s"):
        first_view(world.deployed(), RELEASE, pace=ticking())


def test_a_refusal_is_told_with_error_and_cause(world: CliWorld):
    """What the machine said when it refused is what the operator reads."""
    world.endings.endings[RELEASE, 1] = Ending(
        name=f"{RELEASE}-e1", status="FAILED", error="ReleaseRefusedError", cause="not InService"
    )
    with pytest.raises(CommandError, match="ReleaseRefusedError: not InService") as refused:
        first_view(world.deployed(), RELEASE, pace=ticking())
    assert refused.value.code is Exit.REFUSED


@pytest.mark.parametrize(
    ("changes", "over", "code"),
    [
        ({}, False, Exit.OK),
        ({"phase": Phase.BAKING, "paused": OPERATOR}, True, Exit.UNDECIDED),
        ({"phase": Phase.RESTORING, "paused": OPERATOR}, False, Exit.OK),
        ({"halted": OPERATOR}, False, Exit.UNDECIDED),
        ({"halted": OPERATOR, "restored_at": START}, True, Exit.UNDECIDED),
        ({"phase": Phase.PROMOTED}, True, Exit.OK),
        ({"phase": Phase.ROLLED_BACK}, True, Exit.ROLLED_BACK),
        ({"phase": Phase.ABORTED}, True, Exit.ABORTED),
    ],
)
def test_when_a_watch_ends_and_with_which_code(
    changes: dict[str, object], code: Exit, *, over: bool
):
    """A way back is never held by a pause, and a halted release is seen to safety first."""
    view = view_of(record(**changes), looks=(), counters=(), log=())
    assert finished(view) is over
    assert exit_of(view) is code


def test_each_change_shows_what_differs_only():
    """A view that shows the same is not shown again."""
    shown: list[str] = []
    show: Callable[[object], None] = each_change(
        lambda view: shown.append(view.reason), lambda view: view.reason
    )
    view = view_of(record(), looks=(), counters=(), log=())
    for reason in ("a", "a", "b", "a"):
        show(replace(view, reason=reason))
    assert shown == ["a", "b", "a"]
