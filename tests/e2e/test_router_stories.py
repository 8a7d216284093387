"""Releases with `split: router` on the embedded cloud: users keep their slot, and are sent home.

The everyday tier sees the door: cookies, names and testers while a release is open.
"""

import itertools
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import pytest
import urllib3

from cli.assigned import Named, assigned
from cli.frontdoor import FrontDoor, Reply
from cli.users import Load, Users
from tests.e2e.checks import assert_reported
from tests.e2e.world import BETTER, BROKEN, PROJECT, V1, World, questions, wait_for
from tidegate.assignment import Assignment, assign, client_of
from tidegate.view import ReleaseView

pytestmark = pytest.mark.accept

MakeWorld = Callable[[str], World]

REGULARS = 60
STEPS = (25, 50)
ROUTER = PROJECT.replace(
    "strategy: canary", "strategy: canary\n      split: router\n      holdout_percent: 10"
).replace("lag: 30s", "lag: 3m")
"""Claiming each user once takes a table's time, of which the cloud's clock makes minutes."""
NOBODY_HELD_OUT = ROUTER.replace("\n      holdout_percent: 10", "")
"""What no split drew is then what testers asked for, whatever cookie a browser is given."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """A regular user met a slot."""

    sent: float
    user: str
    slot: str
    status: int


@dataclass(slots=True, kw_only=True)
class Regulars:
    """The front door, asked by users who come again and by as many who never came before.

    Each user counts once, so that the judge learns from the new ones; the others are watched.
    """

    door: FrontDoor
    met: list[Met] = field(default_factory=list)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def predict(self, model: str, body: bytes, **options: Any) -> Reply:
        """Ask as the next user."""
        with self.lock:
            number = next(self.numbers)
        regular = number % 3 == 0
        user = f"regular-{number // 3 % REGULARS}" if regular else f"new-{number}"
        sent = time.monotonic()
        reply = self.door.predict(model, body, **{**options, "user": user})
        if regular:
            met = Met(sent=sent, user=user, slot=str(reply.slot), status=reply.status)
            self.met.append(met)
        return reply

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)

    def path(self, user: str) -> list[str]:
        """The slots that a user met, one after the other, each as long as it stayed."""
        slots = [one.slot for one in sorted(self.met, key=lambda m: m.sent) if one.user == user]
        return [slot for slot, _ in itertools.groupby(slots)]


@contextmanager
def asking(world: World) -> Iterator[Regulars]:
    """Regulars and new users ask while the block runs."""
    door = Regulars(door=world.door())
    load = Load(model=world.model, users=10, pause_seconds=0.03, truth_delay_seconds=(0.1, 1.0))
    users = Users(door, questions(2_000), load)
    users.start()
    try:
        yield door
    finally:
        users.stop()
    assert users.ledger.unanswered == 0


def places(world: World, release_id: str) -> dict[str, tuple[Assignment, ...]]:
    """Where each regular belongs in each step, by the hash alone."""
    split = world.deployed.store.split(world.model)
    assert split is not None
    steps = [
        replace(split, release_id=release_id, control="blue", shares={"blue": 100 - n, "green": n})
        for n in STEPS
    ]
    users = [f"regular-{number}" for number in range(REGULARS)]
    return {u: tuple(assign(s, client_of(world.model, u)) for s in steps) for u in users}


def released(world: World, door: Regulars) -> ReleaseView:
    """The release, ended, and every regular seen once more after that."""
    view = world.finish(world.start())
    before = len(door.met)
    wait_for(
        lambda: len({m.user for m in door.met[before:]}) == REGULARS, seconds=30, what="everybody"
    )
    return view


def test_users_keep_their_slots_until_the_better_version_is_promoted(make_world: MakeWorld) -> None:
    """Each goes over in his own step and stays; the holdout, with the promotion."""
    world = make_world("sticky")
    world.project_text = ROUTER
    world.deploy(V1)
    world.deploy(BETTER)
    with asking(world) as door:
        view = released(world, door)

    assert view.phase == "promoted", view.reason
    assert (view.unit, view.split) == ("user", "router")
    assert_reported(world, view)
    assert {met.status for met in door.met} == {200}
    for user in places(world, view.release_id):
        assert door.path(user) in (["blue", "green"], ["green"]), user
    assert world.shares() == {"blue": 0.0, "green": 100.0}
    found = assigned(world.deployed, world.model, "regular-1", Named.USER)
    assert (found.slot, found.version, found.why) == ("green", "v2", "live")


def test_each_step_moves_whom_it_has_to_and_a_bad_version_nobody_keeps(
    make_world: MakeWorld,
) -> None:
    """Whom a step does not concern never meets the candidate; after the rollback nobody does."""
    world = make_world("sent-home")
    world.project_text = ROUTER
    world.deploy(V1)
    world.deploy(BROKEN)
    with asking(world) as door:
        view = released(world, door)
        over = time.monotonic()
        wait_for(lambda: door.met[-1].sent > over + 0.5, seconds=20, what="more requests")

    assert view.phase == "rolled-back", view.reason
    assert view.step == 0
    assert_reported(world, view)
    belongs = places(world, view.release_id)
    for user, (first, _) in belongs.items():
        assert set(door.path(user)) <= {"blue", first.slot}, user
        assert door.path(user) in (["blue"], ["blue", "green", "blue"], ["green", "blue"]), user
    assert any(met.slot == "green" for met in door.met)
    assert {met.slot for met in door.met if met.sent > over} == {"blue"}
    assert view.candidate.requests > 0


def test_cookies_and_testers_get_what_they_should(make_world: MakeWorld) -> None:
    """A browser keeps its slot by its cookie; a tester's token decides and is no evidence."""
    world = make_world("by-cookie")
    world.project_text = NOBODY_HELD_OUT
    world.deploy(V1)
    world.deploy(BETTER)
    release_id = world.start()
    world.until(release_id, lambda view: view.phase == "baking")

    cookie, first = browser(world, None)
    name, _, given = cookie.partition(";")[0].partition("=")
    assert name == "tidegate-user"
    assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(cookie.split("; "))
    again = [browser(world, f"{name}={given}") for _ in range(5)]
    assert again == [("", first)] * 5
    found = assigned(world.deployed, world.model, given, Named.COOKIE)
    assert found.slot == first

    place, door = world.place(V1), world.door()
    for slot in ("blue", "green"):
        token = place.slot_token(world.model, slot)
        for user in ("ada", "bob", "eve"):
            reply = door.predict(world.model, questions(1)[0].body, user=user, slot_token=token)
            assert (reply.status, reply.slot) == (200, slot)
    assert door.predict(world.model, b"{}", slot_token="green").status == 403
    world.abort(release_id)
    view = world.until(release_id, lambda v: v.over)
    tested = [o for o in world.deployed.counters.read(release_id) if o.key.split_version == 0]
    assert sum(o.requests for o in tested) == 6
    assert not any(o.evidence for o in tested)
    assert view.phase == "aborted"


def browser(world: World, cookie: str | None) -> tuple[str, str]:
    """A request of nobody with a cookie: the cookie that is set, empty if none, and the slot."""
    headers: dict[str, str] = {}
    door = replace(world.door(), pool=Watching(headers, cookie))
    reply = door.predict(world.model, questions(1)[0].body)
    assert reply.status == 200
    return headers.get("set-cookie", ""), str(reply.slot)


class Watching(urllib3.PoolManager):
    """Connections that bring a cookie and keep the headers of the answer."""

    def __init__(self, seen: dict[str, str], cookie: str | None) -> None:
        super().__init__(retries=False, timeout=70.0)
        self._seen, self._cookie = seen, cookie

    def request(self, *args: Any, **options: Any) -> Any:
        """Ask with the cookie."""
        if self._cookie is not None:
            options["headers"] = {**options["headers"], "cookie": self._cookie}
        answer = super().request(*args, **options)
        self._seen |= {name.lower(): text for name, text in answer.headers.items()}
        return answer
