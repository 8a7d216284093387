"""What is decided after a look at an A/B test: harm first, then orders, then the winner."""

from dataclasses import replace
from typing import Any

from tests import samples
from tests.ab_world import TERMS, declared, plan_of
from tidegate.arms.decisions import after_ab_look
from tidegate.arms.standing import ArmStanding, Standing
from tidegate.arms.terms import Policy, Winner
from tidegate.decide import MACHINE, Next, Opening, open_release
from tidegate.release import Intervention, Phase, ReleaseRecord
from tidegate.slots import Slot
from tidegate.verdict import Verdict, VerdictKind

START = samples.START
BAKED = START + 240
SHARES = {"a": 34, "b": 33, "c": 33}
OTHERS = {"a": 10, "b": 70, "c": 20}


def record_of(*, policy: Policy = Policy.FIXED, **changes: Any) -> ReleaseRecord:
    """A test that has baked from START on."""
    plan = plan_of(replace(TERMS, policy=policy, winner=changes.pop("winner", Winner.PROMOTE)))
    opening = Opening(release_id=samples.RELEASE, who="ada", at=START, split_version=1)
    pointer = replace(samples.pointer(), slot=Slot.A)
    record, _ = open_release(
        declaration=declared(plan, "v1", "v2", "v3"), pointer=pointer, opening=opening
    )
    assert record.testing is not None
    baking = replace(
        record,
        phase=Phase.BAKING,
        step_started_at=START,
        testing=record.testing.served(2, at=START),
    )
    return replace(baking, **changes)


def verdict_of(kind: VerdictKind, **changes: Any) -> Verdict:
    """A verdict on three arms, of which c leads."""
    out = changes.pop("out", {})
    arms = tuple(
        ArmStanding(
            slot=slot, requests=100, trials=90, rate=0.5, lower=0.4, upper=0.6, out=out.get(slot)
        )
        for slot in "abc"
    )
    told = {
        "conclusion": "continue",
        "slot": None,
        "leader": "c",
        "requests": 300,
        "horizon_requests": 20_000,
        "split": "the split is as configured",
        "regret": "",
        **changes,
    }
    return Verdict(kind=kind, reason="because", ab_test=Standing(arms=arms, **told))


def pause_of(who: str) -> Intervention:
    """A pause."""
    return Intervention(who=who, at=START, why="to think")


def test_the_leader_is_the_candidate():
    """Whoever looks at the record sees who is ahead; all keep their shares."""
    seen = after_ab_look(record_of(), verdict_of(VerdictKind.CONTINUE), now=START + 60)
    assert seen.record.candidate.slot is Slot.C
    assert {held.slot for held in seen.record.challengers} == {Slot.B, Slot.C}
    assert seen.record.target_shares == SHARES
    assert (seen.next, seen.entries) == (Next.VERIFY, ())


def test_nothing_ends_before_its_least_time_but_harm():
    """A winner waits for the bake; an arm that does harm does not."""
    won = verdict_of(VerdictKind.PROMOTE, conclusion="winner", slot="c")
    early = after_ab_look(record_of(), won, now=BAKED - 1)
    assert early.record.phase is Phase.BAKING
    assert after_ab_look(record_of(), won, now=BAKED).record.phase is Phase.PROMOTING
    harm = verdict_of(VerdictKind.CONTINUE, out={"b": "it fails"})
    out = after_ab_look(record_of(), harm, now=START + 60)
    assert out.record.phase is Phase.SHIFTING
    assert out.record.target_shares == {"a": 67, "b": 0, "c": 33}
    assert out.entries[0].why == "b is taken out because it fails"
    again = after_ab_look(replace(out.record, phase=Phase.BAKING), harm, now=START + 120)
    assert again.entries == ()


def test_a_kept_test_sends_everybody_home():
    """The log calls it so."""
    kept = after_ab_look(record_of(), verdict_of(VerdictKind.KEEP, slot="a"), now=BAKED)
    assert kept.record.phase is Phase.KEEPING
    assert kept.record.target_shares == {"a": 100, "b": 0, "c": 0}
    assert kept.entries[0].what == "keep"


def test_whom_a_person_is_asked_about_is_asked_once_a_bake():
    """Resumed, it asks again after another one."""
    won = verdict_of(VerdictKind.PROMOTE, conclusion="winner", slot="c")
    asked = after_ab_look(record_of(winner=Winner.ASK), won, now=BAKED)
    assert asked.record.paused is not None
    assert "promotes c" in asked.record.paused.why
    silent = after_ab_look(asked.record, won, now=BAKED + 60)
    assert silent.entries == ()
    resumed = replace(asked.record, paused=None, step_started_at=BAKED + 60)
    assert after_ab_look(resumed, won, now=BAKED + 120).record.paused is None
    assert after_ab_look(resumed, won, now=BAKED + 300).record.paused is not None


def test_a_pause_holds_the_winner_back_but_no_harm():
    """The machine's own pause is void when the arms are no longer as they were."""
    won = verdict_of(VerdictKind.PROMOTE, conclusion="winner", slot="c")
    paused = record_of(paused=pause_of("grace"))
    assert after_ab_look(paused, won, now=BAKED).record.phase is Phase.BAKING
    harm = verdict_of(VerdictKind.CONTINUE, out={"b": "it fails"})
    assert after_ab_look(paused, harm, now=BAKED).record.paused == pause_of("grace")
    asked = record_of(paused=pause_of(MACHINE))
    assert after_ab_look(asked, harm, now=BAKED).record.paused is None


def test_an_order_is_carried_out_unless_its_arm_does_harm():
    """An order for another arm waits for the next look."""
    ordered = record_of(forced=pause_of("grace"))
    assert ordered.candidate.slot is Slot.B
    done = after_ab_look(ordered, verdict_of(VerdictKind.CONTINUE), now=START + 60)
    assert done.record.phase is Phase.PROMOTING
    assert done.record.candidate.slot is Slot.B
    own = verdict_of(VerdictKind.CONTINUE, out={"b": "it fails"})
    void = after_ab_look(ordered, own, now=START + 60)
    assert void.record.forced is None
    assert void.record.candidate.slot is Slot.C
    other = verdict_of(VerdictKind.CONTINUE, out={"c": "it fails"}, leader="b")
    kept = after_ab_look(ordered, other, now=START + 60)
    assert kept.record.forced is not None
    assert kept.record.candidate.slot is Slot.B


def test_shares_follow_only_when_due_and_comparable():
    """Under Thompson sampling, after `reallocate`, and never while the split is not followed."""
    record = record_of(policy=Policy.THOMPSON)
    proposed = verdict_of(VerdictKind.CONTINUE, shares=OTHERS)
    early = after_ab_look(record, proposed, now=START + 3_599)
    assert early.record.target_shares == SHARES
    due = after_ab_look(record, proposed, now=START + 3_600)
    assert due.record.phase is Phase.SHIFTING
    assert due.record.target_shares == OTHERS
    assert due.record.testing is not None
    assert due.record.testing.reallocated_at == START + 3_600
    assert due.record.step_started_at == START
    held = verdict_of(VerdictKind.HOLD, shares=OTHERS, conclusion="hold")
    assert after_ab_look(record, held, now=START + 3_600).record.target_shares == SHARES
    fixed = after_ab_look(record_of(), proposed, now=START + 3_600)
    assert fixed.record.target_shares == SHARES


def test_patience_ends_in_a_question():
    """Bake and hold are over, and nothing was decided."""
    late = after_ab_look(record_of(), verdict_of(VerdictKind.CONTINUE), now=BAKED + 14_400)
    assert late.record.paused is not None
    assert late.record.paused.who == MACHINE
