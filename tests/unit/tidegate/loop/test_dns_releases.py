"""Releases by the weights of two DNS records, through the whole loop."""

import pytest

from tests.dns_world import TRACKS, DnsWorld
from tests.reaper import KILLS, Calls, Reaper
from tests.release_world import ReleaseWorld
from tests.samples import MODEL, RELEASE
from tidegate.decide import Next
from tidegate.errors import ReleaseRefusedError
from tidegate.release import Phase
from tidegate.slots import Slot
from tidegate.tracks import CACHED_SECONDS


def test_a_good_version_is_promoted_track_by_track():
    """Both records change together, and the pointer's slot is the track."""
    world = DnsWorld.two_tracks()
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.records.changes == [
        {"blue": 90, "green": 10},
        {"blue": 50, "green": 50},
        {"blue": 0, "green": 100},
    ]
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert (pointer.slot, pointer.version.label) == (Slot.GREEN, "v2")
    assert world.endpoints.wishes == []


def test_a_bad_version_is_rolled_back():
    """The records lead to the live track again."""
    world = DnsWorld.two_tracks()
    world.traffic.error_shares["green"] = 0.5
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.ROLLED_BACK
    assert world.records.changes[-1] == {"blue": 100, "green": 0}
    assert record.decided_at is not None
    assert record.restored_at is not None
    assert 0 <= record.restored_at - record.decided_at <= 5


def test_every_shift_waits_until_all_name_servers_have_it():
    """By the machine's waits: no task sleeps."""
    world = DnsWorld.two_tracks(pending_reads=3)
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.tasks.count(Next.VERIFY) >= 3 * 4


def test_a_slot_stays_locked_until_resolvers_have_forgotten_it():
    """A deploy would put an unreleased version where trailing requests still go."""
    world = DnsWorld.two_tracks()
    waits: list[int] = []
    world.on_task = lambda _, output: (
        waits.append(output.wait_seconds) if output.next is Next.SETTLE else None
    )
    world.run()
    assert waits == [CACHED_SECONDS]


def test_a_release_begins_only_when_both_tracks_are_in_service():
    """The candidate's too."""
    world = DnsWorld.two_tracks()
    world.endpoints.change(TRACKS.endpoints[Slot.GREEN], status="Failed")
    with pytest.raises(ReleaseRefusedError, match="Failed"):
        world.prepare()


def test_a_candidate_that_fails_for_good_is_rolled_back_all_the_same():
    """Its endpoint is gone, and the live one serves everything again."""
    world = DnsWorld.two_tracks()
    output = world.perform(world.prepare().next)
    while output.next is not Next.BAKE:
        world.advance(output.wait_seconds)
        output = world.perform(output.next)
    del world.endpoints.states[TRACKS.endpoints[Slot.GREEN]]
    epoch = world.abort()
    assert world.run(epoch=epoch) is Next.REPORT
    assert world.record().phase is Phase.ABORTED
    assert world.shares() == {"blue": 100, "green": 0}


def test_a_deploy_underneath_is_found_on_either_track():
    """Nothing that it put there is promoted."""
    world = DnsWorld.two_tracks()

    def deployed(_: ReleaseWorld, output: object) -> None:
        if world.record().phase is Phase.BAKING:
            world.endpoints.change(TRACKS.endpoints[Slot.GREEN], config_name="another")

    world.on_task = deployed
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.ROLLED_BACK


@pytest.mark.parametrize(("calls", "after"), KILLS)
def test_a_release_survives_a_kill_at_any_call(calls: Calls, *, after: bool):
    """Before a port did what it was asked, or after it."""
    world = DnsWorld.two_tracks(pending_reads=1)
    world.run()
    for at_call in calls(world.reaper):
        killed = DnsWorld.two_tracks(pending_reads=1)
        killed.reaper = Reaper(at_call=at_call, after=after)
        assert killed.run() is Next.REPORT
        assert killed.record().phase is Phase.PROMOTED
        assert killed.shares() == {"blue": 0, "green": 100}
        assert all(sum(change.values()) == 100 for change in killed.records.changes)


def test_the_record_of_a_release_names_its_tracks():
    """Whoever takes it up needs no declaration."""
    world = DnsWorld.two_tracks()
    world.prepare()
    assert world.store.load(RELEASE).tracks == TRACKS
