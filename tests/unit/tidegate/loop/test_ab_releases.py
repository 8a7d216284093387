"""A/B tests as releases: arms are served, judged, taken out; the winner is promoted or shown."""

from dataclasses import replace

import pytest

from tests import samples
from tests.ab_world import TERMS, ABWorld, LabelTraffic, declared, plan_of
from tests.reaper import Reaper
from tests.samples import MODEL, RELEASE
from tidegate.arms.terms import Policy, Winner
from tidegate.assignment import assign
from tidegate.decide import Next
from tidegate.errors import ReleaseRefusedError
from tidegate.loop import operate
from tidegate.release import Phase
from tidegate.slots import Slot
from tidegate.split import NO_RELEASE

TWO = replace(TERMS, challengers=1)
BETTER = {"a": 0.5, "b": 0.9}
USERS = [f"user-{number}" for number in range(1_000)]


def world_of(
    *labels: str, right: dict[str, float], errors: dict[str, float] | None = None, **fields: object
) -> ABWorld:
    """A world in which each arm has its share of right answers and of errors."""
    traffic = LabelTraffic(right=right, error_shares={} if errors is None else errors)
    return ABWorld.testing(*labels, traffic=traffic, **fields)


def entries(world: ABWorld, what: str) -> list[str]:
    """Why the log says that something was done."""
    return [entry.why for entry in world.store.log(RELEASE) if entry.what == what]


def test_the_better_of_two_arms_is_promoted_and_stays_in_its_slot():
    """The pointer moves to the arm; all shares follow, and the record says why."""
    world = world_of("v1", "v2", plan=plan_of(TWO), right=BETTER)
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.PROMOTED, record.verdict
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert (pointer.slot, pointer.version.label) == (Slot.B, "v2")
    assert world.shares() == {"a": 0.0, "b": 100.0}
    assert "b wins because it is better than a" in entries(world, "promote")[0]


def test_a_worse_challenger_is_not_a_failure_and_the_live_version_is_kept():
    """Users come back, and the pointer stays."""
    world = world_of("v1", "v2", plan=plan_of(TWO), right={"a": 0.9, "b": 0.5})
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.KEPT
    assert record.restored_at is None
    assert world.shares() == {"a": 100.0, "b": 0.0}
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert pointer.generation == 1


def test_a_tie_keeps_the_live_version():
    """Arms that are alike within the margin are no reason to change."""
    world = world_of("v1", "v2", plan=plan_of(TWO), right={"a": 0.7, "b": 0.7})
    world.run(tasks=3_000)
    assert world.record().phase is Phase.KEPT
    assert "are a tie" in entries(world, "keep")[0]


def test_an_arm_that_does_harm_is_taken_out_and_the_best_other_one_wins():
    """Its users go to the control at once, and nobody else moves."""
    world = world_of("v1", "v2", "v3", right={"a": 0.5, "b": 0.99, "c": 0.8}, errors={"b": 0.3})
    documents = []
    world.on_task = lambda seen, _: documents.append(seen.store.split(MODEL))
    assert world.run() is Next.REPORT
    record = world.record()
    assert record.phase is Phase.PROMOTED, record.verdict
    assert (record.candidate.slot, record.candidate.version.label) == (Slot.C, "v3")
    assert record.testing is not None
    assert list(record.testing.out) == ["b"]
    assert entries(world, "take out")[0].startswith("b is taken out because errors are 29.9 %")
    seen = [d for d in documents if d is not None and d.release_id == RELEASE and d.runs]
    full, without = seen[0], next(d for d in seen if d.shares["b"] == 0)
    assert dict(without.shares) == {"a": 67, "b": 0, "c": 33}
    for user in USERS:
        before, after = assign(full, user).slot, assign(without, user).slot
        assert after == ("a" if before == "b" else before)


def test_an_outage_of_an_arm_is_taken_out_within_an_interval_and_a_shift():
    """From the first judged minute on, whatever the objective says."""
    world = world_of("v1", "v2", "v3", right={"a": 0.5, "b": 0.5, "c": 0.5}, errors={"b": 1.0})
    world.prepare()
    out_at = None
    output = world.perform(Next.SHIFT)
    for _ in range(60):
        world.advance(output.wait_seconds)
        output = world.perform(output.next)
        if world.record().testing.out and world.shares()["b"] == 0:
            out_at = world.clock.now()
            break
    began = world.record().step_started_at
    assert out_at is not None
    assert began is not None
    assert out_at - began <= 2 * 60 + 30 + 15


def test_with_the_last_challenger_out_the_release_is_rolled_back():
    """Harm of all challengers ends the test."""
    world = world_of("v1", "v2", plan=plan_of(TWO), right=BETTER, errors={"b": 0.3})
    assert world.run() is Next.REPORT
    assert world.record().phase is Phase.ROLLED_BACK
    assert "no challenger is left" in entries(world, "roll back")[0]
    assert world.shares() == {"a": 100.0, "b": 0.0}


def test_a_winner_that_a_person_is_asked_about_waits_for_the_order():
    """The release pauses with the evidence; the order promotes, without another look's doubt."""
    world = world_of("v1", "v2", plan=plan_of(replace(TWO, winner=Winner.ASK)), right=BETTER)
    output = world.prepare()
    for _ in range(200):
        world.advance(output.wait_seconds)
        output = world.perform(output.next)
        if world.record().paused is not None:
            break
    paused = world.record().paused
    assert paused is not None
    assert "promotes b" in paused.why
    assert world.shares()["b"] == 50
    operate.promote(store=world.store, release_id=RELEASE, intervention=world.operator())
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED


def test_an_operator_promotes_any_arm_but_no_other():
    """It needs a name while none has won; the control, strangers and arms that are out are told."""
    world = world_of("v1", "v2", "v3", right={"a": 0.7, "b": 0.7, "c": 0.7}, errors={"b": 1.0})
    output = world.prepare()
    for _ in range(40):
        world.advance(output.wait_seconds)
        output = world.perform(output.next)
        if world.record().testing.out:
            break

    def order(slot: str | None) -> None:
        operate.promote(
            store=world.store, release_id=RELEASE, intervention=world.operator(), slot=slot
        )

    for slot, words in (
        (None, "no arm of .* has won yet: .*--slot"),
        ("a", "slot a is live already"),
        ("b", "arm b was taken out because errors are 100.0 %"),
        ("green", "has no arm 'green', only c"),
    ):
        with pytest.raises(ReleaseRefusedError, match=words):
            order(slot)
    order("c")
    assert world.go_on(output) is Next.REPORT
    assert world.record().phase is Phase.PROMOTED
    assert world.record().candidate.slot is Slot.C


def test_thompson_sampling_moves_shares_and_few_users():
    """Shares follow what goes well, once an hour, and never leave an arm without users."""
    terms = replace(TERMS, policy=Policy.THOMPSON, reallocate_seconds=300, horizon_requests=10**6)
    world = world_of("v1", "v2", "v3", plan=plan_of(terms), right={"a": 0.50, "b": 0.52, "c": 0.54})
    documents = []
    world.on_task = lambda seen, _: documents.append(seen.store.split(MODEL))
    world.run(tasks=2_000)
    moved = entries(world, "reallocate")
    assert len(moved) >= 2
    shares = [dict(d.shares) for d in documents if d is not None and d.runs]
    assert all(sum(one.values()) == 100 and min(one.values()) >= 6 for one in shares)
    record = world.record()
    assert record.testing is not None
    assert record.testing.splits
    assert record.verdict is not None
    assert record.verdict.ab_test is not None
    assert "as configured" in record.verdict.ab_test.split


def test_an_abort_takes_everybody_home():
    """Whatever arms there are."""
    world = world_of("v1", "v2", "v3", right={"a": 0.5, "b": 0.5, "c": 0.5})
    world.prepare()
    for following in (Next.SHIFT, Next.SHIFT, Next.VERIFY, Next.VERIFY):
        world.advance(world.perform(following).wait_seconds)
    world.run(epoch=world.abort())
    assert world.record().phase is Phase.ABORTED
    assert world.shares() == {"a": 100.0, "b": 0.0, "c": 0.0}
    split = world.store.split(MODEL)
    assert split is not None
    assert (split.release_id, split.control, split.runs) == (NO_RELEASE, "a", ())


def test_a_halt_sends_everybody_home_and_a_resume_back_to_their_arms():
    """An arm's users are its own for the whole test."""
    world = world_of("v1", "v2", "v3", right={"a": 0.5, "b": 0.5, "c": 0.5})
    world.prepare()
    for following in (Next.SHIFT, Next.SHIFT, Next.VERIFY, Next.VERIFY):
        world.advance(world.perform(following).wait_seconds + 20)
    before = world.store.split(MODEL)
    assert before is not None
    assert world.halt("a task failed") is Next.HALT
    home = world.store.split(MODEL)
    assert home is not None
    assert dict(home.shares) == {"a": 100, "b": 0, "c": 0}
    world.perform(Next.SHIFT, epoch=world.resume())
    again = world.store.split(MODEL)
    assert again is not None
    assert [assign(again, user) for user in USERS] == [assign(before, user) for user in USERS]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (("v1", "v1", "v2"), "slots a and b of flights hold the same version"),
        (("v1", "v2", "v2"), "slots b and c of flights hold the same version"),
    ],
)
def test_a_version_is_not_tested_against_itself(labels: tuple[str, ...], words: str):
    """Nothing is opened."""
    world = world_of(*labels, right={})
    with pytest.raises(ReleaseRefusedError, match=words):
        world.prepare()
    assert world.store.lock_holder(MODEL) is None


def test_a_death_at_any_call_changes_nothing_of_how_it_ends():
    """Also while an arm is taken out and while the winner is promoted."""
    right, errors = {"a": 0.5, "b": 0.99, "c": 0.9}, {"b": 0.4}
    undisturbed = Reaper()
    world_of("v1", "v2", "v3", right=right, errors=errors, reaper=undisturbed).run()
    for call in range(1, undisturbed.calls + 1, 9):
        reaper = Reaper(at_call=call, after=call % 2 == 0)
        world = world_of("v1", "v2", "v3", right=right, errors=errors, reaper=reaper)
        assert world.run() is Next.REPORT
        assert world.record().phase is Phase.PROMOTED
        assert world.shares() == {"a": 0.0, "b": 0.0, "c": 100.0}
        steady = world.store.split(MODEL)
        assert steady is not None
        assert dict(steady.shares) == {"a": 0, "b": 0, "c": 100}


def test_after_a_promotion_the_next_test_has_the_winner_as_control():
    """And compares it with the versions in the other arms."""
    world = world_of("v1", "v2", plan=plan_of(TWO), right=BETTER)
    world.run()
    pointer = world.store.pointer(MODEL)
    assert pointer is not None
    assert pointer.slot is Slot.B
    assert declared(plan_of(TWO), "v2", "v1", live=Slot.B).slots[Slot.A] == samples.version("v1")
