"""A/B tests on the embedded cloud: the better arm is promoted, a broken one is taken out."""

import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from cli.frontdoor import Reply
from cli.users import Load, Users
from tests import lost_requests
from tests.e2e.checks import assert_reported
from tests.e2e.watching import WatchedDoor
from tests.e2e.world import BETTER, BROKEN, PROJECT, V1, Behaviour, World, questions
from tidegate.view import ReleaseView

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]

CANARY = PROJECT[PROJECT.index("      strategy: canary\n") :]
RELEASE = """\
      strategy: ab-test
      split: router
      challengers: CHALLENGERS
      objective: { kind: labels, horizon_requests: 400, tie_margin: 0.4, alpha: 0.001 }
      guardrails:
        errors: { margin: 0.15 }
      # Claiming each user once takes a table's time, of which the cloud's clock makes minutes.
      lag: 6m
      bake: 4m
      hold: 4h
      alpha: 0.0001
"""
WEAK = Behaviour(name="v0", wrong_percent=60)
ALIKE = Behaviour(name="v2-alike")
WORSE = Behaviour(name="v2-worse", wrong_percent=80)
"""Differences are large: a test decides by users, and a story has some hundred of them."""


def ab_text(world: World, *challengers: Behaviour, more: str = "") -> str:
    """The stories' project as a test of these versions; `more` are lines of the release."""
    world.failing_percent = max(one.error_percent for one in challengers)
    listed = ", ".join(
        f"{{ artifact: {world.artifact(one)}, label: {one.name} }}" for one in challengers
    )
    release = RELEASE.replace("CHALLENGERS", f"[{listed}]")
    return PROJECT.replace(CANARY, release + more)


@dataclass(slots=True, kw_only=True)
class Newcomers:
    """The front door, asked by a new user each time: each counts once."""

    door: WatchedDoor
    numbers: Iterator[int] = field(default_factory=itertools.count)
    statuses: list[int] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def predict(self, model: str, body: bytes, **options: Any) -> Reply:
        """Ask as the next user."""
        with self.lock:
            number = next(self.numbers)
        reply = self.door.predict(model, body, **{**options, "user": f"user-{number}"})
        self.statuses.append(reply.status)
        return reply

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)


@contextmanager
def asking(world: World) -> Iterator[Newcomers]:
    """New users ask while the block runs; each gets an answer."""
    watched = WatchedDoor(world.door())
    door = Newcomers(door=watched)
    # Truth comes at once: minutes are half a second here, and arms are compared by the minute.
    load = Load(model=world.model, users=10, pause_seconds=0.03, truth_delay_seconds=(0.0, 0.05))
    users = Users(door, questions(2_000), load)
    users.start()
    try:
        yield door
    finally:
        users.stop()
        lost = watched.lost(failing_percent=world.failing_percent)
        lost_requests.RUN.add(sent=len(watched.served), lost=len(lost))
    assert lost == []
    assert users.ledger.unanswered == 0
    assert len(door.statuses) > 200


def declared(world: World) -> dict[str, str]:
    """The digest of the version in each slot, by the last deploy."""
    declaration = world.deployed.store.declaration(world.model)
    assert declaration is not None
    return declaration.digests()


def entries(view: ReleaseView, what: str) -> list[str]:
    """Why the log says that something was done."""
    return [entry.why for entry in view.log if entry.what == what]


def test_the_better_of_two_arms_is_promoted_and_a_redeploy_keeps_all_versions(
    make_world: MakeWorld,
) -> None:
    """The winner stays in its slot; the same file means the same with it live."""
    world = make_world("ab-better")
    world.project_text = ab_text(world, BETTER)
    world.deploy(WEAK)
    assert world.shares() == {"a": 100.0, "b": 0.0}
    with asking(world) as door:
        view = world.finish(world.start())
        assert view.phase == "promoted", view.reason
        assert world.shares() == {"a": 0.0, "b": 100.0}
        before = declared(world)
        world.deploy(WEAK)
        assert declared(world) == before
    assert set(door.statuses) == {200}
    assert world.live_label() == "v2"
    assert world.shares() == {"a": 0.0, "b": 100.0}
    assert (view.unit, view.candidate.slot) == ("user", "b")
    assert_reported(world, view)


def test_a_broken_arm_is_taken_out_and_the_best_other_one_wins(make_world: MakeWorld) -> None:
    """Three arms; nobody gets the broken one after it was found, and the test goes on."""
    world = make_world("ab-broken")
    world.project_text = ab_text(world, BROKEN, BETTER)
    world.deploy(WEAK)
    with asking(world):
        view = world.finish(world.start())
    assert view.phase == "promoted", view.reason
    assert view.candidate.label == "v2"
    assert view.ab_test is not None
    assert [arm.out is not None for arm in view.ab_test.arms] == [False, True, False]
    assert entries(view, "take out")[0].startswith("b is taken out because errors are")
    assert world.shares() == {"a": 0.0, "b": 0.0, "c": 100.0}
    assert_reported(world, view)


@pytest.mark.parametrize("challenger", [ALIKE, WORSE], ids=["tie", "worse"])
def test_a_challenger_that_is_not_better_leaves_the_live_version(
    make_world: MakeWorld, challenger: Behaviour
) -> None:
    """It ends as kept, which is no failure."""
    world = make_world(f"ab-{challenger.name}")
    world.project_text = ab_text(world, challenger)
    world.deploy(V1)
    with asking(world) as door:
        view = world.finish(world.start())
    assert view.phase == "kept", view.reason
    assert ("tie" if challenger is ALIKE else "wins") in view.reason
    assert world.live_label() == "v1"
    assert world.shares() == {"a": 100.0, "b": 0.0}
    assert set(door.statuses) == {200}


def test_a_person_is_asked_and_promotes_the_winner(make_world: MakeWorld) -> None:
    """The release pauses with the evidence, and the order is carried out at the next look."""
    world = make_world("ab-ask")
    world.project_text = ab_text(world, BETTER, more="      winner: ask\n")
    world.deploy(WEAK)
    with asking(world):
        release_id = world.start()
        asked = world.until(release_id, lambda view: view.paused is not None)
        assert "b wins because it is better than a" in str(asked.paused)
        assert world.shares() == {"a": 50.0, "b": 50.0}
        world.promote(release_id)
        view = world.until(release_id, lambda view: view.over)
    assert view.phase == "promoted"
    assert "the story says promote" in view.reason


def test_thompson_sampling_moves_shares_to_what_goes_well(make_world: MakeWorld) -> None:
    """Through announced shifts, so that requests still follow the split they were drawn by."""
    more = "      policy: thompson\n      reallocate: 2m\n"
    world = make_world("ab-thompson")
    text = ab_text(world, BETTER, WORSE, more=more)
    world.project_text = text.replace("horizon_requests: 400,", "horizon_requests: 400000,")
    world.deploy(WEAK)
    with asking(world):
        release_id = world.start()
        view = world.until(
            release_id, lambda v: v.over or v.slots[1].share_percent > v.slots[2].share_percent + 20
        )
        world.abort(release_id)
        view = world.until(release_id, lambda v: v.over)
    assert entries(view, "reallocate")
    assert view.ab_test is not None
    assert "as configured" in view.ab_test.split
    assert world.shares() == {"a": 100.0, "b": 0.0, "c": 0.0}


def test_a_strategy_may_change_and_live_traffic_stays(make_world: MakeWorld) -> None:
    """From canary to a test and back: the live version keeps its slot through each deploy."""
    world = make_world("ab-changes")
    world.deploy(WEAK)
    with asking(world) as door:
        world.project_text = ab_text(world, BETTER)
        world.deploy(WEAK)
        assert world.shares() == {"blue": 100.0, "a": 0.0}
        view = world.finish(world.start())
        assert view.phase == "promoted", view.reason
        assert (world.live_label(), world.shares()) == ("v2", {"blue": 0.0, "a": 100.0})
        world.project_text = PROJECT
        world.deploy(ALIKE)
        assert world.shares() == {"a": 100.0, "blue": 0.0}
        release_id = world.start()
        view = world.until(release_id, lambda one: one.phase == "baking")
        assert (view.live.slot, view.candidate.slot) == ("a", "blue")
        assert world.shares() == {"a": 75.0, "blue": 25.0}
        world.abort(release_id)
        view = world.until(release_id, lambda one: one.over)
    assert view.phase == "aborted"
    assert world.shares() == {"a": 100.0, "blue": 0.0}
    assert set(door.statuses) == {200}
