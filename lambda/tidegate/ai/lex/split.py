"""Which alias a session meets: the live one, or while a version is on trial, for some, the next.

The document is written by the release alone, and read by whoever answers: a session stays with what
it met, as long as the same version is on trial and its share does not fall.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from tidegate.ai.lex.template import NEXT
from tidegate.ai.ports import ServicePorts
from tidegate.errors import NotFoundError
from tidegate.judge.tally import Tally

SPLIT = "release/split.json"
"""The document's key."""
LIVE, CANDIDATE = "Live", "Candidate"
"""What the names of metrics begin with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trial:
    """A version on trial: its step, since when it is at it, and what was counted so far.

    Times are Unix seconds; what ended before `counted_until` is in the tally, or in `pending`
    (trials and events of the candidate and of the live version) until both were met in a while.
    `in_step` are conversations with the version that ended in this step.
    """

    version: str
    step: int
    since: float
    counted_until: float
    in_step: int = 0
    pending: tuple[int, int, int, int] = (0, 0, 0, 0)
    tally: Tally = field(default_factory=Tally)


@dataclass(frozen=True, slots=True, kw_only=True)
class Split:
    """The live alias with its version, a version on trial, and those that were sent back."""

    alias: str
    version: str
    percent: int = 0
    trial: Trial | None = None
    rejected: tuple[str, ...] = ()
    why: str = ""

    def to_json(self) -> dict[str, Any]:
        """The document; `split_in` reads it back."""
        trial = self.trial
        told = (
            None
            if trial is None
            else {
                "version": trial.version,
                "step": trial.step,
                "since": trial.since,
                "counted_until": trial.counted_until,
                "in_step": trial.in_step,
                "pending": list(trial.pending),
                "tally": trial.tally.to_json(),
            }
        )
        return {
            "alias": self.alias,
            "version": self.version,
            "percent": self.percent,
            "trial": told,
            "rejected": list(self.rejected),
            "why": self.why,
        }

    def without_trial(self, *, version: str, why: str) -> "Split":
        """Everybody meets that version."""
        return replace(self, version=version, percent=0, trial=None, why=why)


def split_in(content: bytes) -> Split:
    """The split that a document tells."""
    told = json.loads(content)
    return Split(
        alias=told["alias"],
        version=told["version"],
        percent=int(told["percent"]),
        trial=None if told["trial"] is None else _trial(told["trial"]),
        rejected=tuple(told["rejected"]),
        why=told["why"],
    )


def _trial(told: Mapping[str, Any]) -> Trial:
    first, second, third, fourth = told["pending"]
    return Trial(
        version=told["version"],
        step=int(told["step"]),
        since=float(told["since"]),
        counted_until=float(told["counted_until"]),
        in_step=int(told["in_step"]),
        pending=(int(first), int(second), int(third), int(fourth)),
        tally=Tally.from_json(told["tally"]),
    )


def split_of(ports: ServicePorts) -> Split | None:
    """The split, None before the first release has looked."""
    try:
        return split_in(ports.files.read(SPLIT))
    except NotFoundError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Met:
    """The alias that a session meets, and what its outcomes are counted under."""

    alias: str
    arm: str


def met_by(session: str, ports: ServicePorts) -> Met:
    """The same for a session each time it is asked."""
    split = split_of(ports)
    if split is None:
        return Met(alias=ports.resources[NEXT], arm=LIVE)
    if split.trial is not None and cell(session, split.trial.version) < split.percent:
        return Met(alias=ports.resources[NEXT], arm=CANDIDATE)
    return Met(alias=split.alias, arm=LIVE)


def cell(session: str, version: str) -> int:
    """The session's place among a hundred, another one for each version."""
    digest = hashlib.sha256(f"{version}\0{session}".encode()).digest()
    return int.from_bytes(digest[:8], "big") % 100
