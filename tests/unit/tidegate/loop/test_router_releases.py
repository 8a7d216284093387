"""Releases whose users are drawn by the router: documents move them, weights follow."""

from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Any

import pytest

from tests import samples
from tests.fakes import FakeEndpoints, FakeReleaseStore
from tests.reaper import Calls, Reaper, every_call, turning_calls
from tests.release_world import ReleaseWorld, Traffic
from tests.samples import ENDPOINT, MODEL, PLAN, RELEASE
from tidegate.assignment import assign
from tidegate.decide import Next
from tidegate.loop.task import split_of
from tidegate.release import Phase
from tidegate.split import CACHE_SECONDS, NO_RELEASE, SplitDocument
from tidegate.strategies import Split

ROUTER = replace(PLAN, split=Split.ROUTER, holdout_percent=5)
USERS = [f"user-{number}" for number in range(2_000)]
GOOD = {"blue": 0.005, "green": 0.005}
BAD = {"blue": 0.02, "green": 0.2}
HOME = {"blue": 100, "green": 0}


@dataclass
class Told:
    """What routers and the endpoint were told, in order: documents and weights."""

    events: list[SplitDocument | dict[str, int]] = field(default_factory=list)

    def documents(self) -> list[SplitDocument]:
        """The documents of the release."""
        found = [event for event in self.events if isinstance(event, SplitDocument)]
        return [document for document in found if document.release_id == RELEASE]


@dataclass
class RecordingStore(FakeReleaseStore):
    """A store that tells which documents were written."""

    told: Told = field(default_factory=Told)

    def put_split(self, document: SplitDocument) -> None:
        """Write, and keep what is in force then."""
        super().put_split(document)
        in_force = self.split(document.model)
        assert in_force is not None
        self.told.events.append(in_force)


@dataclass
class RecordingEndpoints(FakeEndpoints):
    """Endpoints that tell which weights they were asked for."""

    told: Told = field(default_factory=Told)

    def set_weights(self, endpoint_name: str, shares: dict[str, int]) -> None:
        """Set, and keep."""
        super().set_weights(endpoint_name, shares)
        self.told.events.append(dict(shares))


def a_world(errors: dict[str, float], **fields: Any) -> tuple[ReleaseWorld, Told]:
    """A world whose plan says that the router draws."""
    told = Told()
    world = ReleaseWorld.deployed(
        plan=ROUTER,
        traffic=Traffic(error_shares=errors),
        store=RecordingStore(told=told),
        endpoints=RecordingEndpoints(told=told),
        **fields,
    )
    return world, told


def path_of(documents: list[SplitDocument], user: str) -> list[str]:
    """The slots that a user had, one after the other."""
    slots = [assign(document, user).slot for document in documents]
    return [slots[0], *(b for a, b in pairwise(slots) if a != b)]


def test_users_stay_through_the_steps_and_are_promoted():
    """Each goes over once, the holdout with the promotion, and nobody comes back."""
    world, told = a_world(GOOD)
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    documents = told.documents()
    assert {document.drawn_by for document in documents} == {Split.ROUTER}
    paths = {user: path_of(documents, user) for user in USERS}
    assert all(path in (["blue", "green"], ["green"], ["blue"]) for path in paths.values())
    held = [user for user, path in paths.items() if path == ["blue"]]
    assert 0.02 < len(held) / len(USERS) < 0.09
    steady = world.store.split(MODEL)
    assert steady is not None
    assert (steady.release_id, steady.shares, steady.control) == (
        NO_RELEASE,
        {"blue": 0, "green": 100},
        "green",
    )


def test_only_as_many_users_move_as_the_step_asks_for():
    """From 10 to 50 percent, two in five go over, and none of those who are there."""
    world, told = a_world(GOOD)
    world.run()
    ten, fifty = (
        next(d for d in told.documents() if d.shares["green"] == share) for share in (10, 50)
    )
    moved = [u for u in USERS if assign(ten, u).slot != assign(fifty, u).slot]
    assert abs(len(moved) / len(USERS) - 0.40 * 0.95) < 0.05
    assert {assign(fifty, user).slot for user in moved} == {"green"}


def test_a_rollback_sends_everybody_home_before_the_weights_do():
    """And is only called restored when no router can still use an older document."""
    world, told = a_world(BAD)
    world.run()
    record = world.record()
    assert record.phase is Phase.ROLLED_BACK
    home = next(
        place
        for place, event in enumerate(told.events)
        if isinstance(event, SplitDocument) and event.release_id == RELEASE and event.shares == HOME
    )
    weights = [place for place, event in enumerate(told.events) if event == HOME]
    assert home < min(weights)
    assert {assign(told.documents()[-1], user).slot for user in USERS} == {"blue"}
    assert record.decided_at is not None
    assert record.restored_at is not None
    assert record.restored_at - record.decided_at >= CACHE_SECONDS


def test_a_document_of_an_older_epoch_loses():
    """An announcement that was under way when the operator aborted moves nobody."""
    world, _ = a_world(GOOD)
    world.prepare()
    record = world.record()
    late = split_of(replace(record, split_version=record.split_version + 1), settling=True)
    assert late.shares["green"] == 10
    epoch = world.abort()
    world.perform(Next.SHIFT, epoch=epoch)
    world.store.put_split(late)
    in_force = world.store.split(MODEL)
    assert in_force is not None
    assert in_force.shares == HOME


def test_nobody_is_sent_to_a_slot_that_has_no_instances_yet():
    """The announcement waits: it is what moves users."""
    world, told = a_world(GOOD)
    state = world.endpoints.states[ENDPOINT]
    empty = replace(state.variants["green"], current_instances=0)
    world.endpoints.states[ENDPOINT] = replace(state, variants={**state.variants, "green": empty})
    world.prepare()
    assert world.perform(Next.SHIFT).next is Next.SHIFT
    assert told.documents() == []
    world.endpoints.states[ENDPOINT] = state
    world.perform(Next.SHIFT)
    assert [document.shares["green"] for document in told.documents()] == [10]


def test_a_halt_sends_everybody_home_and_a_resume_back_where_they_were():
    """A user's slot is his for the whole release."""
    world, told = a_world(GOOD)
    world.prepare()
    for following in (Next.SHIFT, Next.SHIFT, Next.VERIFY, Next.VERIFY):
        world.advance(world.perform(following).wait_seconds + ROUTER.warm_up_seconds)
    before = told.documents()[-1]
    assert world.halt("a task failed") is Next.HALT
    assert told.documents()[-1].shares == HOME
    world.run(epoch=world.resume())
    again = next(d for d in told.documents() if d.version > before.version and d.shares != HOME)
    assert [assign(again, user) for user in USERS] == [assign(before, user) for user in USERS]


@pytest.mark.parametrize("errors", [GOOD, BAD], ids=["good", "bad"])
@pytest.mark.parametrize(
    "calls",
    [turning_calls, pytest.param(every_call, marks=pytest.mark.accept)],
    ids=["turns", "any"],
)
def test_a_death_at_any_call_changes_nothing_of_where_users_end(
    errors: dict[str, float], calls: Calls
):
    """Documents and weights agree in the end, and the version of documents only rises."""
    undisturbed = Reaper()
    a_world(errors, reaper=undisturbed)[0].run()
    for call in calls(undisturbed):
        world, told = a_world(errors, reaper=Reaper(at_call=call, after=call % 2 == 0))
        assert world.run() is Next.REPORT
        steady = world.store.split(MODEL)
        assert steady is not None
        assert dict(steady.shares) == world.shares()
        versions = [document.version for document in told.documents()]
        assert versions == sorted(versions)


def test_with_split_endpoint_ways_back_need_no_document_first():
    """SageMaker draws, and weights come at once."""
    world = ReleaseWorld.deployed(traffic=Traffic(error_shares=BAD))
    world.run()
    record = world.record()
    assert record.restored_at is not None
    assert record.decided_at is not None
    assert record.restored_at - record.decided_at < CACHE_SECONDS
    assert samples.PLAN.split is Split.ENDPOINT
