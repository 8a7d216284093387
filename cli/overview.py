"""All models at a glance, and the releases of a model: plain values, tables and JSON of them."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from cli.deployed import Deployed
from cli.screen import duration, standing
from tidegate.errors import NotFoundError
from tidegate.ports import EndpointState
from tidegate.view import ReleaseView, view_of


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelStatus:
    """What serves of a model, as read back from its endpoint, and what waits in the idle slot.

    `candidate` is None where both slots hold the live version; `shares` are in percent.
    """

    model: str
    endpoint: str
    endpoint_status: str
    live_slot: str
    live: str
    candidate: str | None
    shares: dict[str, float]
    release_id: str | None
    standing: str | None


def model_statuses(deployed: Deployed) -> tuple[ModelStatus, ...]:
    """The status of every model that was deployed and verified, by name."""
    found = (_status(deployed, model) for model in sorted(deployed.store.models()))
    return tuple(status for status in found if status is not None)


def _status(deployed: Deployed, model: str) -> ModelStatus | None:
    store = deployed.store
    declaration, pointer = store.declaration(model), store.pointer(model)
    if declaration is None or pointer is None:
        return None
    idle = declaration.slots[pointer.slot.other]
    endpoint = _endpoint(deployed, declaration.endpoint_name)
    holder = store.lock_holder(model)
    return ModelStatus(
        model=model,
        endpoint=declaration.endpoint_name,
        endpoint_status="absent" if endpoint is None else endpoint.status,
        live_slot=pointer.slot.value,
        live=pointer.version.label,
        candidate=None if idle.digest == pointer.version.digest else idle.label,
        shares={} if endpoint is None else endpoint.shares(),
        release_id=holder,
        standing=None if holder is None else standing(_bare_view(deployed, holder)),
    )


def _endpoint(deployed: Deployed, name: str) -> EndpointState | None:
    try:
        return deployed.endpoints.read(name)
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
    for heading in ("model", "live", "slot", "serves", "endpoint", "waiting", "release"):
        table.add_column(heading, overflow="fold")
    for item in statuses:
        shares = ", ".join(f"{slot} {share:.0f} %" for slot, share in sorted(item.shares.items()))
        table.add_row(
            item.model,
            item.live,
            item.live_slot,
            shares or "nothing",
            item.endpoint_status,
            "-" if item.candidate is None else item.candidate,
            "-" if item.release_id is None else f"{item.standing}: {item.release_id}",
        )
    return table


def releases_table(views: Sequence[ReleaseView]) -> Table:
    """Releases, for people."""
    table = Table(box=None, pad_edge=False)
    for heading in ("release", "from", "to", "stands", "took", "by", "because"):
        table.add_column(heading, overflow="fold")
    for view in views:
        table.add_row(
            view.release_id,
            view.live.label,
            view.candidate.label,
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
        "to": view.candidate.label,
        "phase": view.phase,
        "standing": standing(view),
        "reason": view.reason,
        "started_by": view.started_by,
        "started_at": view.started_at,
        "finished_at": view.finished_at,
        "seconds": view.seconds,
        "time_to_restore_seconds": view.time_to_restore_seconds,
    }
