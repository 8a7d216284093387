"""What was done about findings: the acts of one model, each written down before it is begun.

An act whose `made` is None was decided and may have begun: it is begun again under the same token,
with which nothing begins twice. So a process that dies between leaves nothing half-done.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from tidegate.errors import InvalidValueError
from tidegate.reaction.plan import MOST_A_MONTH, Action
from tidegate.values import value

FORMAT = 1
ACTS_KEPT = 2 * MOST_A_MONTH
"""More than any month may have."""


@value
class Act:
    """One act. `token` makes it once only; `made` is what it began: a run's ARN, a release's id."""

    number: int
    action: Action
    at: float
    token: str
    findings: tuple[str, ...]
    baseline: str
    live: str
    """Digest of the version that was live."""
    made: str | None = None
    reason: str = ""
    told: bool = False
    """Whether it was announced."""

    def to_json(self) -> dict[str, Any]:
        """The act in JSON types."""
        return {
            "number": self.number,
            "action": self.action.value,
            "at": self.at,
            "token": self.token,
            "findings": list(self.findings),
            "baseline": self.baseline,
            "live": self.live,
            "made": self.made,
            "reason": self.reason,
            "told": self.told,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Act":
        """The inverse of `to_json`."""
        known = {**data, "action": Action(data["action"]), "findings": tuple(data["findings"])}
        return cls(**known)


@value
class Memory:
    """The acts so far, the newest last, and what was last announced to hold one back."""

    acts: tuple[Act, ...] = ()
    held_back: str = ""

    @property
    def last(self) -> Act | None:
        """The newest act."""
        return self.acts[-1] if self.acts else None

    @property
    def unfinished(self) -> Act | None:
        """The act that was decided and is not known to have begun."""
        return self.last if self.last is not None and self.last.made is None else None

    @property
    def untold(self) -> Act | None:
        """The act that has begun and was not announced yet."""
        last = self.last
        return last if last is not None and last.made is not None and not last.told else None

    def since(self, moment: float) -> tuple[Act, ...]:
        """The acts after a moment, in seconds since the epoch."""
        return tuple(act for act in self.acts if act.at > moment)

    def begun(self, act: Act) -> "Memory":
        """The memory with one more act, or with what is newly known of the last one."""
        others = tuple(one for one in self.acts if one.number != act.number)
        return replace(self, acts=(*others, act)[-ACTS_KEPT:])

    def to_json(self) -> dict[str, Any]:
        """The memory in JSON types."""
        return {
            "format": FORMAT,
            "acts": [act.to_json() for act in self.acts],
            "held_back": self.held_back,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> "Memory":
        """The inverse of `to_json`."""
        if data["format"] != FORMAT:
            raise InvalidValueError([f"memory is of format {data['format']}, allowed: {FORMAT}"])
        return cls(
            acts=tuple(Act.from_json(one) for one in data["acts"]), held_back=data["held_back"]
        )
