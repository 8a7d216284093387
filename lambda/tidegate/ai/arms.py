"""Arms of a released service at its door: who gets which settings, and what is counted of it.

The router of models draws here too: its split document, its users, its signed ids
(`tidegate.routing`). What was asked and answered is none of its business.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.ai.problems import ProblemError
from tidegate.assignment import client_of
from tidegate.errors import NotFoundError, OverrideRefusedError
from tidegate.ports import Counters, Firsts
from tidegate.prediction_id import sign
from tidegate.requestlog import ServedLine, tally
from tidegate.routing import Placed, PredictionRequest, Router, id_of, submission_line
from tidegate.users import once_a_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The settings that a request gets; `placed` is None before the first deploy was verified."""

    slot: str
    placed: Placed | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """The arms of one service. `slots` are those whose settings the functions have."""

    service: str
    slots: tuple[str, ...]
    router: Router
    counters: Counters
    firsts: Firsts

    def draw(self, headers: Mapping[str, str]) -> Arm:
        """The arm of whom the header x-tidegate-user names; of nobody, of a user of its own."""
        who = headers.get("x-tidegate-user", "")
        request = PredictionRequest(
            model=self.service,
            body=b"",
            content_type="",
            accept="",
            client=client_of(self.service, who) if who else "",
            slot_token=headers.get("x-tidegate-slot"),
        )
        try:
            placed = self.router.place(request)
        except NotFoundError:
            return Arm(slot=self.slots[0], placed=None)
        except OverrideRefusedError as error:
            raise ProblemError("slot-refused", str(error), status=403) from error
        slot = submission_line(placed, 0).slot
        return Arm(slot=slot if slot in self.slots else placed.split.control, placed=placed)

    def count(self, arm: Arm, *, status: int, milliseconds: float) -> Mapping[str, str]:
        """The answer is counted for its arm; the headers that name it, for outcomes later."""
        if arm.placed is None:
            return {}
        placed = arm.placed
        line = replace(submission_line(placed, status), milliseconds=milliseconds, slot=arm.slot)
        self.counters.add(f"service-{placed.nonce}", tally(self._counting(line)))
        return {
            "x-tidegate-prediction-id": sign(id_of(line, placed.nonce), placed.keys),
            "x-tidegate-slot": line.slot,
            "x-tidegate-version": line.version,
        }

    def _counting(self, line: ServedLine) -> tuple[Any, ...]:
        return once_a_user([line], self.firsts)


def documents_in(text: str) -> Mapping[str, tuple[str, str]]:
    """Slot to bucket and key of its settings, as the stack tells them."""
    return {slot: (at["bucket"], at["key"]) for slot, at in sorted(json.loads(text).items())}
