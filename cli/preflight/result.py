"""One check of an account, and what came of it."""

from dataclasses import dataclass
from enum import StrEnum
from typing import Any


class Outcome(StrEnum):
    """What a check found out. `unknown` is said where it could not look."""

    OK = "ok"
    FAILED = "failed"
    WARNING = "warning"
    UNKNOWN = "not checked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a check found: about what, how it stands, why that matters, and what to do."""

    check: str
    about: str
    outcome: Outcome
    said: str
    why: str = ""
    advice: str = ""

    def to_json(self) -> dict[str, Any]:
        """The result in JSON types."""
        return {
            "check": self.check,
            "about": self.about,
            "outcome": self.outcome.value,
            "said": self.said,
            "why": self.why,
            "advice": self.advice,
        }
