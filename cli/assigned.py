"""Where a user stands in a model: which slot he gets now, and why. Nothing is asked of the model.

The same pure function answers here and at the front door; what it is given is the split document,
of which routers may use one that is a few seconds older.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from rich.table import Table

from cli.deployed import Deployed
from cli.exits import CommandError
from tidegate.assignment import Why, anonymous_client_of, assign, client_of, runs_of
from tidegate.split import NO_RELEASE, SplitDocument

_NOT_DRAWN = {
    "tracks": "resolvers are drawn, each for all whom it answers: a user has no track of his own",
    "endpoint": "SageMaker draws each request by its weights: a user has no slot of his own",
}


class Named(StrEnum):
    """What a user is known by."""

    USER = "user"
    COOKIE = "cookie"


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """A user in one model. Positions are in percent; `slot` is None where he has none of his own.

    `experiment` is what his position comes of, the release id; None while no release is open.
    `cells` are the positions of each slot, as (slot, from, to).
    """

    model: str
    client: str
    experiment: str | None
    drawn_by: str
    slot: str | None
    version: str | None
    digest: str | None
    why: str
    because: str
    position: float | None
    holdout_position: float | None
    holdout_percent: int
    shares: dict[str, int]
    cells: list[tuple[str, int, int]]
    split_version: int
    settling: bool

    def to_json(self) -> dict[str, Any]:
        """The user in JSON types."""
        return asdict(self)


def assigned(deployed: Deployed, model: str, user: str, named: Named) -> Assigned:
    """Where a user stands in a model; CommandError when it is not deployed."""
    store = deployed.store
    split, declaration = store.split(deployed.known_model(model)), store.declaration(model)
    if split is None or declaration is None:
        raise CommandError(f"{model} was deployed but never verified: deploy it again")
    labels = {version.digest: version.label for version in declaration.slots.values()}
    client = {Named.USER: client_of, Named.COOKIE: anonymous_client_of}[named](model, user)
    by_dns = declaration.tracks is not None and declaration.tracks.by_dns
    found = _found(split, client, by_tracks=by_dns)
    digest = None if found.slot is None else split.digests.get(found.slot)
    return Assigned(
        model=model,
        client=client,
        experiment=None if split.release_id == NO_RELEASE else split.release_id,
        drawn_by="resolver" if by_dns else split.drawn_by.value,
        slot=found.slot,
        version=None if digest is None else labels.get(digest, digest),
        digest=digest,
        why=found.why,
        because=found.because,
        position=found.position,
        holdout_position=found.holdout_position,
        holdout_percent=split.holdout_percent,
        shares=dict(split.shares),
        cells=_cells(split),
        split_version=split.version,
        settling=split.settling,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Found:
    slot: str | None
    why: str
    because: str
    position: float | None = None
    holdout_position: float | None = None


def _found(split: SplitDocument, client: str, *, by_tracks: bool) -> _Found:
    if split.release_id == NO_RELEASE:
        live = "no release is open: everybody gets the live version"
        return _Found(slot=split.control, why="live", because=live)
    if not split.draws_users:
        because = _NOT_DRAWN["tracks" if by_tracks else "endpoint"]
        return _Found(slot=None, why=Why.ENDPOINT.value, because=because)
    place = assign(split, client)
    return _Found(
        slot=place.slot,
        why=place.why.value,
        because=_because(split, place.why, place.position, place.holdout_position),
        position=place.position,
        holdout_position=place.holdout_position,
    )


def _because(split: SplitDocument, why: Why, position: float, holdout: float) -> str:
    if why is Why.HOLDOUT:
        return (
            f"held out of every experiment: holdout position {holdout:.2f} is below "
            f"{split.holdout_percent}, which gives the live version"
        )
    slot, first, end = next(cell for cell in _cells(split) if cell[1] <= position < cell[2])
    return f"position {position:.2f} is one of {slot}'s, {first} to {end}"


def _cells(split: SplitDocument) -> list[tuple[str, int, int]]:
    cells: list[tuple[str, int, int]] = []
    end = 0
    for slot, width in runs_of(split):
        cells.append((slot, end, end + width))
        end += width
    return cells


def assigned_table(found: Sequence[Assigned]) -> Table:
    """A user in each model, for people."""
    table = Table(box=None, pad_edge=False)
    for heading in ("model", "slot", "version", "release", "shares", "because"):
        table.add_column(heading, overflow="fold")
    for one in found:
        shares = ", ".join(f"{slot} {share} %" for slot, share in sorted(one.shares.items()))
        table.add_row(
            one.model,
            "any" if one.slot is None else one.slot,
            "any" if one.version is None else one.version,
            "-" if one.experiment is None else one.experiment,
            f"{shares}, changing" if one.settling else shares,
            one.because,
        )
    return table
