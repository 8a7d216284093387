"""Traffic: reading and moving shares, whichever way a model's traffic is split.

A model with one endpoint is split by the weights of its production variants, a model with two
tracks by the weights of two DNS records. The release loop asks here and need not know which.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from typing import Protocol

from tidegate.errors import InvalidValueError, NotFoundError
from tidegate.ports import Endpoints, EndpointState, VariantState
from tidegate.release import ReleaseRecord
from tidegate.slots import PAIR, Slot
from tidegate.tracks import INITIAL_WEIGHTS, Tracks, joined_configs

PENDING = "PENDING"
"""The status of tracks while a change of their records has not reached all of Route 53."""

_IN_SERVICE, _ABSENT = "InService", "absent"


class Records(Protocol):
    """The weighted records of tracks."""

    def weights(self, tracks: Tracks) -> dict[str, int]:
        """Slot to weight, as the zone has it now; NotFoundError unless both slots have a record."""
        ...

    def set_weights(self, tracks: Tracks, weights: Mapping[str, int]) -> str:
        """Both records get their weight in one change, whose id is returned; zero stays zero.

        ConflictError while another change of the zone is being made.
        """
        ...

    def in_sync(self, change: str) -> bool:
        """Whether a change has reached every name server of Route 53."""
        ...


class Served(Protocol):
    """What says where a model is served: a declaration, or the record of a release."""

    @property
    def endpoint_name(self) -> str:
        """The endpoint, or what the names of the tracks' endpoints have in common."""
        ...

    @property
    def tracks(self) -> Tracks | None:
        """The model's tracks; None when it has one endpoint."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Traffic:
    """Shares of production variants or of tracks.

    Two tracks are told as one endpoint with a variant a slot, whose weights are those of the
    records.
    """

    endpoints: Endpoints
    records: Records

    def read(self, served: Served) -> EndpointState:
        """What serves now; two tracks are `InService` when both are."""
        return self._read(served, needed=frozenset(PAIR))

    def before(self, record: ReleaseRecord) -> EndpointState:
        """What serves now, to decide whether the record's target shares may be asked for.

        Of two tracks, only those that are to have traffic need to be in service: a broken candidate
        never stops the way back.
        """
        return self._read(record, needed=_with_traffic(record))

    def after(self, record: ReleaseRecord) -> EndpointState:
        """What serves now, to see what became of the change that was asked for.

        Of two tracks, those that are to have traffic must be in service, and the change in sync.
        """
        state = self._read(record, needed=_with_traffic(record))
        if record.change is None or state.status != _IN_SERVICE:
            return state
        return state if self.records.in_sync(record.change) else replace(state, status=PENDING)

    def set_shares(self, served: Served, shares: Mapping[str, int]) -> str | None:
        """Ask for these shares in percent; the id of the change if there is one to wait for.

        ConflictError while something else is being changed.
        """
        if served.tracks is None:
            self.endpoints.set_weights(served.endpoint_name, dict(shares))
            return None
        if sum(shares.values()) == 0:
            raise InvalidValueError(
                [f"all shares of {served.tracks.host} are 0: Route 53 would draw evenly"]
            )
        return self.records.set_weights(served.tracks, shares)

    def wake(self, served: Served, slot: str, *, share: int) -> None:
        """A slot that lacks instances for its share is asked to have them.

        ConflictError while something else is being changed.
        """
        name = served.endpoint_name
        if served.tracks is not None:
            name = served.tracks.endpoints[Slot(slot)]
        self.endpoints.wake(name, slot, share=share)

    def _read(self, served: Served, *, needed: Collection[Slot]) -> EndpointState:
        if served.tracks is None:
            return self.endpoints.read(served.endpoint_name)
        weights = self.records.weights(served.tracks)
        read = {
            slot: self.endpoints.read(name) if slot in needed else self._or_absent(name)
            for slot, name in served.tracks.endpoints.items()
        }
        return _joined(read, weights, needed)

    def _or_absent(self, endpoint_name: str) -> EndpointState:
        try:
            return self.endpoints.read(endpoint_name)
        except NotFoundError:
            return EndpointState(status=_ABSENT, config_name=_ABSENT, variants={})


def _with_traffic(record: ReleaseRecord) -> Collection[Slot]:
    return {Slot(slot) for slot, share in record.target_shares.items() if share > 0}


def _joined(
    read: Mapping[Slot, EndpointState], weights: Mapping[str, int], needed: Collection[Slot]
) -> EndpointState:
    unsettled = [s.status for slot, s in read.items() if slot in needed and s.status != _IN_SERVICE]
    return EndpointState(
        status=unsettled[0] if unsettled else _IN_SERVICE,
        config_name=joined_configs({slot: state.config_name for slot, state in read.items()}),
        variants={slot.value: _variant(slot, s, weights) for slot, s in read.items()},
        failure_reason="; ".join(s.failure_reason for s in read.values() if s.failure_reason),
    )


def _variant(slot: Slot, state: EndpointState, weights: Mapping[str, int]) -> VariantState:
    weight = float(weights[slot.value])
    variant = state.variants.get(slot.value)
    if variant is None:
        return VariantState(weight=weight, current_instances=None, desired_instances=None)
    return replace(variant, weight=weight)


def reset_records(*, records: Records, tracks: Tracks) -> None:
    """The records have the template's own weights again, unless they are gone.

    Route 53 deletes a record only when it is told all of it, weight included, and CloudFormation
    knows the template's.
    """
    try:
        records.set_weights(tracks, INITIAL_WEIGHTS)
    except NotFoundError:
        # A stack whose creation failed may have none.
        return
