"""All models at a glance, and the releases of a model: plain values, tables and JSON of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rich.table import Table

from cli.arms import released_label
from cli.deployed import Deployed
from cli.exits import CommandError
from cli.screen import duration, standing
from tidegate.errors import NotFoundError
from tidegate.pointer import Declaration, LivePointer
from tidegate.ports import EndpointState
from tidegate.release import Phase, ReleaseRecord
from tidegate.version import Version
from tidegate.view import ReleaseView, view_of


class Idle(StrEnum):
    """What the version in the idle slot is."""

    SAME = "same"
    WAITING = "waiting"
    RELEASING = "releasing"
    PREVIOUS = "previous"
    ROLLED_BACK = "rolled-back"
    PASSED = "passed its shadow"
    FAILED = "failed its shadow"
    BEATEN = "not better"
    HARMFUL = "taken out"
    ABORTED = "aborted"


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """What serves of a model, as read back from its endpoint, and what is in the idle slot.

    `shares` are in percent; `release_id` is the open release, `last_release_id` the newest one.
    """

    model: str
    endpoint: str
    endpoint_status: str
    live_slot: str
    live: str
    idle: str
    """Of an A/B test: all challengers, which are waiting if one of them was in no test yet."""
    idle_is: Idle
    shares: dict[str, float]
    last_release_id: str | None
    release_id: str | None
    standing: str | None


def model_status(deployed: Deployed, model: str) -> ModelStatus:
    """The status of one model; CommandError lists the models there are."""
    status = _status(deployed, deployed.known_model(model))
    if status is None:
        raise CommandError(f"{model} was deployed but never verified: deploy it again")
    return status


def model_statuses(deployed: Deployed) -> tuple[ModelStatus, ...]:
    """The status of every model that was deployed and verified, by name."""
    found = (_status(deployed, model) for model in sorted(deployed.store.models()))
    return tuple(status for status in found if status is not None)


def _status(deployed: Deployed, model: str) -> ModelStatus | None:
    store = deployed.store
    declaration, pointer = store.declaration(model), store.pointer(model)
    if declaration is None or pointer is None:
        return None
    idle = [v for slot, v in sorted(declaration.slots.items()) if slot is not pointer.slot]
    endpoint = _endpoint(deployed, declaration)
    holder = store.lock_holder(model)
    last = newest_release(deployed, model)
    return ModelStatus(
        model=model,
        endpoint=declaration.endpoint_name,
        endpoint_status="absent" if endpoint is None else endpoint.status,
        live_slot=pointer.slot.value,
        live=pointer.version.label,
        idle=" | ".join(version.label for version in idle),
        idle_is=_all_idle([_idle_is(version, pointer, last) for version in idle]),
        shares={} if endpoint is None else endpoint.shares(),
        last_release_id=None if last is None else last.release_id,
        release_id=holder,
        standing=None if holder is None else standing(_bare_view(deployed, holder)),
    )


def newest_release(deployed: Deployed, model: str) -> ReleaseRecord | None:
    """The record of the newest release of a model, None before the first one."""
    known = deployed.store.releases(model)
    return deployed.store.load(known[0]) if known else None


def _idle_is(idle: Version, pointer: LivePointer, last: ReleaseRecord | None) -> Idle:
    if idle.digest == pointer.version.digest:
        return Idle.SAME
    if last is None:
        return Idle.WAITING
    if last.testing is not None:
        return _tested(idle, last)
    if last.phase is Phase.PROMOTED:
        return Idle.PREVIOUS if idle.digest == last.live.version.digest else Idle.WAITING
    if idle.digest != last.candidate.version.digest:
        return Idle.WAITING
    ends = {
        Phase.ROLLED_BACK: Idle.ROLLED_BACK,
        Phase.ABORTED: Idle.ABORTED,
        Phase.PASSED: Idle.PASSED,
        Phase.FAILED: Idle.FAILED,
    }
    return ends.get(last.phase, Idle.RELEASING)


def _all_idle(found: Sequence[Idle]) -> Idle:
    return Idle.WAITING if Idle.WAITING in found else found[0]


def _tested(idle: Version, last: ReleaseRecord) -> Idle:
    """What the newest A/B test came to for a version that is not live."""
    slots = {held.version.digest: held.slot.value for held in last.challengers}
    out = {} if last.testing is None else last.testing.out
    if idle.digest == last.live.version.digest:
        return Idle.PREVIOUS
    if idle.digest not in slots:
        return Idle.WAITING
    if slots[idle.digest] in out:
        return Idle.HARMFUL
    ends = {
        Phase.PROMOTED: Idle.BEATEN,
        Phase.KEPT: Idle.BEATEN,
        Phase.ROLLED_BACK: Idle.ROLLED_BACK,
        Phase.ABORTED: Idle.ABORTED,
    }
    return ends.get(last.phase, Idle.RELEASING)


def _endpoint(deployed: Deployed, declaration: Declaration) -> EndpointState | None:
    try:
        return deployed.traffic.read(declaration)
    except NotFoundError:
        return None


def _bare_view(deployed: Deployed, release_id: str) -> ReleaseView:
    """The view of a record alone: enough to say where its release stands."""
    log = deployed.store.log(release_id)
    return view_of(deployed.store.load(release_id), looks=(), counters=(), log=log)


def past_releases(deployed: Deployed, model: str, *, limit: int) -> tuple[ReleaseView, ...]:
    """The newest releases of a model, newest first, without their counts."""
    return tuple(_bare_view(deployed, name) for name in deployed.store.releases(model)[:limit])


def models_table(statuses: Sequence[ModelStatus]) -> Table:
    """All models, for people."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "live", "slot", "serves", "endpoint", "idle slot", "release"):
        table.add_column(heading, overflow="fold")
    for item in statuses:
        serving = {slot: share for slot, share in sorted(item.shares.items()) if share > 0}
        shares = ", ".join(f"{slot} {share:.0f} %" for slot, share in serving.items())
        table.add_row(
            item.model,
            item.live,
            item.live_slot,
            shares or "nothing",
            item.endpoint_status,
            f"{item.idle} ({item.idle_is})",
            "-" if item.release_id is None else f"{item.standing}: {item.release_id}",
        )
    return table


def releases_table(views: Sequence[ReleaseView]) -> Table:
    """Releases, for people."""
    table = Table(box=None, pad_edge=False, expand=True)
    for heading in ("release", "from", "to", "stands", "took", "by"):
        table.add_column(heading, no_wrap=True)
    table.add_column("because", no_wrap=True, overflow="ellipsis", ratio=1)
    for view in views:
        table.add_row(
            view.release_id,
            view.live.label,
            released_label(view),
            standing(view),
            duration(view.seconds),
            view.started_by,
            view.reason,
        )
    return table


def status_json(status: ModelStatus) -> dict[str, Any]:
    """A model's status in JSON types."""
    return asdict(status)


def release_json(view: ReleaseView) -> dict[str, Any]:
    """One line of a list of releases, in JSON types."""
    return {
        "release_id": view.release_id,
        "model": view.model,
        "from": view.live.label,
        "to": released_label(view),
        "phase": view.phase,
        "standing": standing(view),
        "reason": view.reason,
        "started_by": view.started_by,
        "started_at": view.started_at,
        "finished_at": view.finished_at,
        "seconds": view.seconds,
        "time_to_restore_seconds": view.time_to_restore_seconds,
    }
