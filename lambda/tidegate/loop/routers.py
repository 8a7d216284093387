"""Routers: with `split: router` it is they who move users, as soon as they read the split document.

Steps upwards are announced to them as to everybody (`shift.py`), and users move with the
announcement. On every other way, the document comes before the weights, and counts as known only
after the time for which a router may still use the one before.
"""

from dataclasses import replace

from tidegate.decide import Decision, Next
from tidegate.loop.readback import lacks_instances
from tidegate.loop.task import TaskInput, advance, split_of
from tidegate.ports import EndpointState, ReleaseStore
from tidegate.release import ReleaseRecord
from tidegate.split import CACHE_SECONDS
from tidegate.strategies import Split

_PAST_OTHERS = 2
"""A task of an older epoch may still write a document one version above the record it had loaded:
whatever it says then must lose."""


def inform(*, store: ReleaseStore, task: TaskInput, record: ReleaseRecord) -> None:
    """The split document has the target shares; it is only written where it has others."""
    if record.plan.split is not Split.ROUTER:
        return
    known = store.split(record.model)
    told = known is not None and known.release_id == record.release_id
    if told and known is not None and dict(known.shares) == record.target_shares:
        return
    newest, _ = advance(store, task, _next_document)
    store.put_split(split_of(newest, settling=True))


def _next_document(record: ReleaseRecord) -> Decision:
    further = replace(record, split_version=record.split_version + _PAST_OTHERS)
    return Decision(record=further, next=Next.SHIFT)


def seconds_until_known(record: ReleaseRecord) -> int:
    """How long after a shift routers may still send users by the document before."""
    users = record.plan.split is Split.ROUTER and not record.moves_gently
    return CACHE_SECONDS if users else 0


def too_early(record: ReleaseRecord, state: EndpointState) -> bool:
    """Whether an announcement would send users to a slot that has not got its instances yet."""
    if record.plan.split is not Split.ROUTER or not record.moves_gently:
        return False
    return lacks_instances(state, record)
