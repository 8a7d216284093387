"""Arms of a released service at its door: who gets which settings, and what is counted of it.

The router of models draws here too: its split document, its users, its signed ids
(`tidegate.routing`). What was asked and answered is none of its business.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from tidegate.ai.problems import ProblemError
from tidegate.assignment import client_of
from tidegate.errors import NotFoundError, OverrideRefusedError
from tidegate.outcomes import Admitted, Declarations, Examiner
from tidegate.ports import Counters, Firsts, OutcomeLedger
from tidegate.prediction_id import sign
from tidegate.requestlog import ServedLine, tally
from tidegate.routing import Placed, PredictionRequest, Router, id_of, submission_line
from tidegate.users import once_a_user


@dataclass(frozen=True, slots=True, kw_only=True)
class Arm:
    """The settings that a request gets; `placed` is None before the first deploy was verified."""

    slot: str
    placed: Placed | None

    @property
    def on_trial(self) -> bool:
        """Whether it is tested, and not the live one."""
        return self.placed is not None and self.placed.split.control != self.slot


@dataclass(frozen=True, slots=True, kw_only=True)
class Arms:
    """The arms of one service. `slots` are those whose settings the functions have."""

    service: str
    slots: tuple[str, ...]
    router: Router
    counters: Counters
    firsts: Firsts
    declarations: Declarations
    ledger: OutcomeLedger
    now: Callable[[], float]

    def draw(self, headers: Mapping[str, str], *, otherwise: str = "") -> Arm:
        """The arm of whom the header x-tidegate-user names, or of whom the request is for.

        Of nobody, that of a user of its own.
        """
        who = headers.get("x-tidegate-user") or otherwise
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

    def conclude(self, arm: Arm, named: Mapping[str, str], *, helped: bool) -> None:
        """What the door knows of its answer is credited, as `POST /outcomes` credits it, once.

        An outcome that the plan does not take, such as a good one where only complaints are told,
        is none. The ledger comes first: a door that dies in between loses one, and counts none
        twice.
        """
        if arm.placed is None:
            return
        now = self.now()
        examiner = Examiner(keys=arm.placed.keys, declarations=self.declarations, now=now)
        found = examiner.examine(named["x-tidegate-prediction-id"], wrong=not helped)
        if isinstance(found, Admitted) and self.ledger.credit(found.fingerprint, found.credit):
            lines = once_a_user([found.line()], self.firsts)
            self.counters.add(f"outcome-{arm.placed.nonce}", tally(lines))

    def _counting(self, line: ServedLine) -> tuple[Any, ...]:
        return once_a_user([line], self.firsts)


def documents_in(text: str) -> Mapping[str, tuple[str, str]]:
    """Slot to bucket and key of its settings, as the stack tells them."""
    return {slot: (at["bucket"], at["key"]) for slot, at in sorted(json.loads(text).items())}
