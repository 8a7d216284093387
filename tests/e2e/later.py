"""Callers of an asynchronous model: they ask, and come back for the answer."""

import threading
import time
from dataclasses import dataclass, field, replace

from cli.frontdoor import FrontDoor, Reply

_WAITING = 202
_PAUSE = threading.Event()


@dataclass(slots=True, kw_only=True)
class PatientDoor:
    """The front door, asked until it has the answer; a request without one in time has status 202.

    `waited` are the moments (monotonic) at which a request was seen to wait.
    """

    door: FrontDoor
    seconds: float = 60.0
    waited: list[float] = field(default_factory=list)

    def predict(
        self,
        model: str,
        body: bytes,
        *,
        content_type: str = "application/json",
        user: str = "",
        slot_token: str = "",
    ) -> Reply:
        """The answer, under the names that the ticket has."""
        ticket = self.door.predict(
            model, body, content_type=content_type, user=user, slot_token=slot_token
        )
        if ticket.status != _WAITING or ticket.prediction_id is None:
            return ticket
        deadline = time.monotonic() + self.seconds
        reply = self.door.answer(model, ticket.prediction_id)
        while reply.status == _WAITING and time.monotonic() < deadline:
            self.waited.append(time.monotonic())
            _PAUSE.wait(0.05)
            reply = self.door.answer(model, ticket.prediction_id)
        return replace(
            reply,
            prediction_id=ticket.prediction_id,
            slot=ticket.slot,
            version=ticket.version,
        )

    def record_outcome(self, prediction_id: str, *, wrong: bool) -> int:
        """Say what became known of a prediction."""
        return self.door.record_outcome(prediction_id, wrong=wrong)
