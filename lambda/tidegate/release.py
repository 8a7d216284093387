"""The release record: everything a release needs to go on after its execution has died.

A record is a value. `decide` makes the next one, the store writes it with the log entries that say
why, and only if nobody wrote in between (`revision`). `epoch` says who may act: every operator verb
that takes over raises it, and tasks of an older epoch yield.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from tidegate.arms.testing import ABTraffic
from tidegate.plan import ReleasePlan
from tidegate.slots import Slot
from tidegate.split import Run
from tidegate.strategies import Strategy
from tidegate.tracks import Tracks
from tidegate.verdict import Verdict
from tidegate.version import Version


class Phase(StrEnum):
    """Where a release stands. The last six are terminal.

    A shadow passes or fails instead of being promoted or rolled back: nothing was ever moved. An
    A/B test that no challenger wins is kept: the live version stays, and nothing was wrong.
    """

    SHIFTING = "shifting"
    BAKING = "baking"
    PROMOTING = "promoting"
    RESTORING = "restoring"
    KEEPING = "keeping"
    ABORTING = "aborting"
    PROMOTED = "promoted"
    ROLLED_BACK = "rolled-back"
    ABORTED = "aborted"
    PASSED = "passed"
    FAILED = "failed"
    KEPT = "kept"

    @property
    def terminal(self) -> bool:
        """Whether the release is over."""
        ended = {Phase.PROMOTED, Phase.ROLLED_BACK, Phase.ABORTED}
        return self in ended | {Phase.PASSED, Phase.FAILED, Phase.KEPT}


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotVersion:
    """A version in the slot it serves from."""

    slot: Slot
    version: Version

    def to_json(self) -> dict[str, Any]:
        """The pair in JSON types; `from_json` reads it back."""
        return {"slot": self.slot.value, "version": self.version.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "SlotVersion":
        """The pair that `to_json` wrote."""
        return cls(slot=Slot(data["slot"]), version=Version.from_json(data["version"]))


@dataclass(frozen=True, slots=True, kw_only=True)
class Intervention:
    """What an operator, or the machine itself, asked for: who, when and why."""

    who: str
    at: float
    why: str

    def to_json(self) -> dict[str, Any]:
        """The intervention in JSON types."""
        return {"who": self.who, "at": self.at, "why": self.why}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Intervention":
        """The intervention that `to_json` wrote."""
        return cls(who=data["who"], at=float(data["at"]), why=data["why"])


@dataclass(frozen=True, slots=True, kw_only=True)
class LogEntry:
    """One line of a release's append-only log. Shares are in percent, slot name to share."""

    at: float
    who: str
    what: str
    why: str
    before: Mapping[str, int]
    after: Mapping[str, int]

    def to_json(self) -> dict[str, Any]:
        """The entry in JSON types; `from_json` reads it back."""
        return {
            "at": self.at,
            "who": self.who,
            "what": self.what,
            "why": self.why,
            "before": dict(self.before),
            "after": dict(self.after),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "LogEntry":
        """The entry that `to_json` wrote."""
        return cls(
            at=float(data["at"]),
            who=data["who"],
            what=data["what"],
            why=data["why"],
            before={k: int(v) for k, v in data["before"].items()},
            after={k: int(v) for k, v in data["after"].items()},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ReleaseRecord:
    """The state of one release. Moments are seconds since the epoch on the cloud's clock."""

    release_id: str
    model: str
    endpoint_name: str
    endpoint_config_name: str
    live: SlotVersion
    candidate: SlotVersion
    plan: ReleasePlan
    phase: Phase
    started_by: str
    started_at: float
    step: int = 0
    epoch: int = 1
    revision: int = 0
    split_version: int = 0
    announced: bool = False
    """Whether the settling split document for the current target has been written."""
    announced_at: float | None = None
    step_started_at: float | None = None
    """When the current step's share was verified by reading back; None while it is not."""
    decided_at: float | None = None
    """When the verdict that ended the release was reached."""
    restored_at: float | None = None
    """When all traffic was verified to be on the live version again (roll-back, abort, halt)."""
    finished_at: float | None = None
    looks: int = 0
    verdict: Verdict | None = None
    paused: Intervention | None = None
    halted: Intervention | None = None
    forced: Intervention | None = None
    """An operator's order to promote."""
    taken_over_at: float | None = None
    """When the epoch was raised last; None while the first execution owns the release."""
    tracks: Tracks | None = None
    """The tracks that the release moves traffic between; None when the model has one endpoint."""
    change: str | None = None
    """The change of the records that was asked for last; None while another one is asked for."""
    arms: tuple[SlotVersion, ...] = ()
    """Of an A/B test: the challengers beside `candidate`, which is the one that leads or has won.

    `live` is the control."""
    testing: ABTraffic | None = None
    """Of an A/B test: shares of the arms, and which of them are out; None of other releases."""

    @property
    def slots(self) -> tuple[SlotVersion, ...]:
        """All that have a part in this release: the live version first, then the candidate."""
        return (self.live, self.candidate, *self.arms)

    @property
    def challengers(self) -> tuple[SlotVersion, ...]:
        """All but the live version, in the order of their slots."""
        return tuple(sorted((self.candidate, *self.arms), key=lambda held: held.slot))

    @property
    def target_shares(self) -> dict[str, int]:
        """The share of each slot, in percent, that the endpoint should have now."""
        if self.testing is not None and self._tests_now:
            return dict(self.testing.shares)
        candidate = self._candidate_share()
        return {
            self.live.slot.value: 100 - candidate,
            self.candidate.slot.value: candidate,
            **{arm.slot.value: 0 for arm in self.arms},
        }

    @property
    def runs(self) -> tuple[Run, ...]:
        """Whose users are whose while an A/B test runs; empty where the shares say it."""
        return () if self.testing is None or not self._tests_now else self.testing.runs

    @property
    def _tests_now(self) -> bool:
        return self.phase in {Phase.SHIFTING, Phase.BAKING} and self.halted is None

    def _candidate_share(self) -> int:
        if self.is_shadow or (self.halted is not None and not self.phase.terminal):
            return 0
        if self.phase in {Phase.SHIFTING, Phase.BAKING}:
            return self.plan.steps[self.step].share_percent
        return 100 if self.phase in {Phase.PROMOTING, Phase.PROMOTED} else 0

    @property
    def is_shadow(self) -> bool:
        """Whether the candidate answers copies only, and has no share at any time."""
        return self.plan.strategy is Strategy.SHADOW

    @property
    def moves_gently(self) -> bool:
        """Whether the shift is announced before it is made, so that its evidence stays clean."""
        return self.phase is Phase.SHIFTING and self.halted is None

    def to_json(self) -> dict[str, Any]:
        """The record in JSON types; `from_json` reads it back."""
        return {
            "release_id": self.release_id,
            "model": self.model,
            "endpoint_name": self.endpoint_name,
            "endpoint_config_name": self.endpoint_config_name,
            "live": self.live.to_json(),
            "candidate": self.candidate.to_json(),
            "plan": self.plan.to_json(),
            "phase": self.phase.value,
            "started_by": self.started_by,
            "started_at": self.started_at,
            "step": self.step,
            "epoch": self.epoch,
            "revision": self.revision,
            "split_version": self.split_version,
            "announced": self.announced,
            "announced_at": self.announced_at,
            "step_started_at": self.step_started_at,
            "decided_at": self.decided_at,
            "restored_at": self.restored_at,
            "finished_at": self.finished_at,
            "looks": self.looks,
            "verdict": None if self.verdict is None else self.verdict.to_json(),
            "paused": None if self.paused is None else self.paused.to_json(),
            "halted": None if self.halted is None else self.halted.to_json(),
            "forced": None if self.forced is None else self.forced.to_json(),
            "taken_over_at": self.taken_over_at,
            "tracks": None if self.tracks is None else self.tracks.to_json(),
            "change": self.change,
            **self._tested(),
        }

    def _tested(self) -> dict[str, Any]:
        if self.testing is None:
            return {}
        arms = [arm.to_json() for arm in self.arms]
        return {"arms": arms, "testing": self.testing.to_json()}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "ReleaseRecord":
        """The record that `to_json` wrote; without `tracks` it has one endpoint."""
        tracks, testing = data.get("tracks"), data.get("testing")
        plain = {
            name: data[name]
            for name in (
                *("release_id", "model", "endpoint_name", "endpoint_config_name"),
                *("started_by", "started_at", "step", "epoch", "revision", "split_version"),
                *("announced", "announced_at", "step_started_at", "decided_at", "restored_at"),
                *("finished_at", "looks", "taken_over_at"),
            )
        }
        return cls(
            **plain,
            live=SlotVersion.from_json(data["live"]),
            candidate=SlotVersion.from_json(data["candidate"]),
            plan=ReleasePlan.from_json(data["plan"]),
            phase=Phase(data["phase"]),
            verdict=None if data["verdict"] is None else Verdict.from_json(data["verdict"]),
            paused=_intervention(data["paused"]),
            halted=_intervention(data["halted"]),
            forced=_intervention(data["forced"]),
            tracks=None if tracks is None else Tracks.from_json(tracks),
            change=data.get("change"),
            arms=tuple(SlotVersion.from_json(arm) for arm in data.get("arms", ())),
            testing=None if testing is None else ABTraffic.from_json(testing),
        )


def _intervention(data: Mapping[str, Any] | None) -> Intervention | None:
    return None if data is None else Intervention.from_json(data)
