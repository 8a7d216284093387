"""The end of a comparison: the new version takes over the schedule, or the live one stays."""

from typing import Any

from tidegate.batch import documents
from tidegate.batch.comparing import Takeover, compared
from tidegate.batch.guarding import pointer_to
from tidegate.batch.pairing import counted_pairs
from tidegate.batch.planning import latest_round
from tidegate.batch.ports import Runs
from tidegate.batch.work import Work
from tidegate.errors import ConflictError, InvalidValueError
from tidegate.slots import Slot
from tidegate.version import Version


def conclude(work: Work) -> dict[str, Any]:
    """The comparison, kept; a version that takes over is live afterwards. Done again: the same."""
    ports, plan, keys, record = work.ports, work.plan, work.keys, work.record
    known = documents.load(ports, keys.comparison)
    if known is None:
        known = _compare(work)
        documents.save(ports, keys.comparison, known)
    if known["verdict"] == Takeover.TAKE_OVER.value and known["takes_over"]:
        held = plan.slots[Slot(record.slot)].version
        if held.digest != record.version:
            raise InvalidValueError(
                [f"{record.label} is not in slot {record.slot} any more: it cannot take over"]
            )
        make_live(ports.runs, Slot(record.slot), version=held, now=ports.clock.now(), by=record.run)
    return dict(known)


def _compare(work: Work) -> dict[str, Any]:
    plan, record = work.plan, work.record
    terms = plan.compare
    now = latest_round(work.ports, work.keys)
    live = plan.slots[Slot(record.slot).other].version.label
    if now is None or now.given_up:
        why = "its data set was refused" if now is None else now.given_up
        reason = f"{record.label} does not get through the data set of {live}: {why}"
        return {"verdict": Takeover.REFUSE.value, "reason": reason, "takes_over": False}
    found = compared(counted_pairs(work, terms), terms, live=live, candidate=record.label).to_json()
    return {**found, "takes_over": terms.promote, "against": record.against}


def make_live(runs: Runs, slot: Slot, *, version: Version, now: float, by: str) -> bool:
    """The slot is live; whether it was not before. ConflictError when somebody else moves it."""
    pointer = runs.pointer()
    if pointer is None:
        raise InvalidValueError(["no version is live: deploy the batch's stack first"])
    if Slot(pointer["slot"]) is slot:
        return False
    generation = int(pointer["generation"])
    moved = pointer_to(slot, version, generation=generation + 1, now=now, by=by)
    if not runs.move(moved, after=generation):
        raise ConflictError("another version became live at the same moment: look again")
    return True
