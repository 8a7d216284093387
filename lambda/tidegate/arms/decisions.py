"""The decisions of an A/B test: from a record and the verdict of a look to the next record.

Pure, like `tidegate.decide`, of which it is the part that knows more than one challenger. An arm
that does harm is taken out before anything else is decided; operators are heard next; the winner
comes last.
"""

from dataclasses import replace

from tidegate.arms.standing import Standing
from tidegate.arms.terms import ABTerms, Policy, Winner
from tidegate.arms.testing import ABTraffic
from tidegate.decide import MACHINE, Decision, Next, baked, hold, keep_baking, pause, turn
from tidegate.errors import ReleaseRefusedError
from tidegate.release import Intervention, LogEntry, Phase, ReleaseRecord
from tidegate.verdict import Verdict, VerdictKind


def after_ab_look(record: ReleaseRecord, verdict: Verdict, *, now: float) -> Decision:
    """The arms were judged on closed intervals: take arms out, end the test, or go on."""
    seen = _led(replace(record, verdict=verdict), verdict.ab_test)
    if verdict.kind is VerdictKind.ROLL_BACK:
        return turn(seen, Phase.RESTORING, now=now, why=verdict.reason)
    steered = _taken_out(seen, verdict.ab_test, now=now) or _ordered(seen, now=now)
    if steered is not None:
        return steered
    return (
        _ended(seen, verdict, now=now)
        or _reallocated(seen, verdict, now=now)
        or hold(seen, now=now)
    )


def _ordered(record: ReleaseRecord, *, now: float) -> Decision | None:
    """What an operator wants: an arm promoted, or nothing decided while the release is paused."""
    if record.forced is not None:
        why = f"{record.forced.who} ordered it: {record.forced.why}"
        return turn(record, Phase.PROMOTING, now=now, why=why)
    return keep_baking(record) if record.paused is not None else None


def _led(record: ReleaseRecord, standing: Standing | None) -> ReleaseRecord:
    """The record with the arm as candidate that leads, unless an operator named another."""
    if standing is None or standing.leader is None or record.forced is not None:
        return record
    return led_by(record, standing.leader)


def led_by(record: ReleaseRecord, slot: str) -> ReleaseRecord:
    """The record with this challenger as candidate."""
    if record.candidate.slot.value == slot:
        return record
    first = next(held for held in record.challengers if held.slot.value == slot)
    others = tuple(held for held in record.challengers if held is not first)
    return replace(record, candidate=first, arms=others)


def _taken_out(record: ReleaseRecord, standing: Standing | None, *, now: float) -> Decision | None:
    """Arms that were found to do harm lose their users to the control, all at once."""
    if standing is None or record.testing is None:
        return None
    new = {slot: why for slot, why in standing.out.items() if slot not in record.testing.out}
    if not new:
        return None
    testing = record.testing
    for slot, why in new.items():
        testing = testing.without(slot, control=record.live.slot.value, why=why)
    # An order to promote what does harm is void; one for another arm stays.
    void = record.forced is not None and record.candidate.slot.value in new
    after = replace(
        record,
        testing=testing,
        forced=None if void else record.forced,
        paused=_still_paused(record),
    )
    if void and standing.leader is not None:
        after = led_by(after, standing.leader)
    why = "; ".join(f"{slot} is taken out because {text}" for slot, text in new.items())
    return _moved(record, after, now=now, what="take out", why=why)


def _still_paused(record: ReleaseRecord) -> Intervention | None:
    """An operator's pause stays; the machine's own was about the arms as they were."""
    paused = record.paused
    return None if paused is None or paused.who == MACHINE else paused


def _ended(record: ReleaseRecord, verdict: Verdict, *, now: float) -> Decision | None:
    """The winner is promoted, or shown to a person; a test that nobody wins ends as it began.

    None before the test had its least time, and while nothing is decided.
    """
    if not baked(record, now=now):
        return None
    if verdict.kind is VerdictKind.KEEP:
        return turn(record, Phase.KEEPING, now=now, why=verdict.reason)
    if verdict.kind is not VerdictKind.PROMOTE:
        return None
    terms = record.plan.ab_test
    if terms is not None and terms.winner is Winner.ASK:
        model, slot = record.model, record.candidate.slot.value
        why = (
            f"{verdict.reason}: 'tidegate release promote {model}' promotes {slot}, "
            f"'tidegate release abort {model}' keeps {record.live.slot}"
        )
        return pause(record, Intervention(who=MACHINE, at=now, why=why))
    return turn(record, Phase.PROMOTING, now=now, why=verdict.reason)


def _reallocated(record: ReleaseRecord, verdict: Verdict, *, now: float) -> Decision | None:
    """Shares follow what is known of the arms, no more often than the plan says.

    Not while the arms cannot be compared: what they seem to do may be what brought users to them.
    """
    terms, testing, standing = record.plan.ab_test, record.testing, verdict.ab_test
    if standing is None or standing.shares is None or terms is None or testing is None:
        return None
    same = dict(standing.shares) == dict(testing.shares)
    if same or verdict.kind is VerdictKind.HOLD or not _due(terms, testing, now=now):
        return None
    after = replace(record, testing=replace(testing.shared(standing.shares), reallocated_at=now))
    why = "shares follow the chance that each arm is the best one, as far as outcomes are known"
    return _moved(record, after, now=now, what="reallocate", why=why)


def _due(terms: ABTerms, testing: ABTraffic, *, now: float) -> bool:
    since = testing.reallocated_at
    if terms.policy is not Policy.THOMPSON or since is None:
        return False
    return now - since >= terms.reallocate_seconds


def _moved(
    before: ReleaseRecord, after: ReleaseRecord, *, now: float, what: str, why: str
) -> Decision:
    shifting = replace(after, phase=Phase.SHIFTING, announced=False, announced_at=None)
    entry = LogEntry(
        at=now,
        who=MACHINE,
        what=what,
        why=why,
        before=before.target_shares,
        after=shifting.target_shares,
    )
    return Decision(record=shifting, next=Next.SHIFT, entries=(entry,))


def aimed(record: ReleaseRecord, slot: str | None) -> ReleaseRecord:
    """The record with the challenger as candidate that an operator wants to be promoted.

    Without a slot it is the winner. ReleaseRefusedError for an arm that is out or is not there, and
    where none was named and none has won.
    """
    if record.testing is None:
        return _only_candidate(record, slot)
    standing = None if record.verdict is None else record.verdict.ab_test
    names = [held.slot.value for held in record.challengers]
    left = ", ".join(name for name in names if name not in record.testing.out)
    chosen = slot if slot is not None else _won(record, standing)
    if chosen is None:
        raise ReleaseRefusedError(
            f"no arm of {record.release_id} has won yet: say which is to be promoted with --slot "
            f"(one of {left}), or 'tidegate release abort {record.model}' to keep "
            f"{record.live.slot}"
        )
    if chosen == record.live.slot.value:
        raise ReleaseRefusedError(
            f"slot {chosen} is live already: 'tidegate release abort {record.model}' keeps it"
        )
    if chosen not in names:
        raise ReleaseRefusedError(f"{record.release_id} has no arm {chosen!r}, only {left}")
    if chosen in record.testing.out:
        raise ReleaseRefusedError(
            f"arm {chosen} was taken out because {record.testing.out[chosen]}: promote one of "
            f"{left}, or deploy it and release it by itself"
        )
    return led_by(record, chosen)


def _won(record: ReleaseRecord, standing: Standing | None) -> str | None:
    """The challenger that has won, or is to be taken of a tie that is better than the control."""
    if standing is None or standing.slot in {None, record.live.slot.value}:
        return None
    return standing.slot


def _only_candidate(record: ReleaseRecord, slot: str | None) -> ReleaseRecord:
    candidate = record.candidate.slot.value
    if slot is None or slot == candidate:
        return record
    raise ReleaseRefusedError(
        f"release {record.release_id} can promote slot {candidate} only, got {slot!r}: "
        "leave --slot out"
    )
