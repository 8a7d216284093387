"""Outcomes: what later became known of a served prediction, credited to it exactly once.

The credit comes before its line in the request log: a process that dies between the two loses one
outcome, and never counts one twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from tidegate.errors import ForgedPredictionIdError, OutcomeRefusedError
from tidegate.observation import OutcomeKind
from tidegate.pointer import Declaration
from tidegate.ports import Clock, Credit, Keys, OutcomeLedger, Refused, ReleaseStore
from tidegate.prediction_id import PredictionId, fingerprint, verify
from tidegate.requestlog import OutcomeLine
from tidegate.signing import SigningKeys

NO_MODEL = "-"
"""The model under which outcomes are counted that do not prove which model they are of."""

FORGED, ORPHAN, NO_EVENT, LATE, DUPLICATE, MALFORMED = REASONS = (
    "forged",
    "orphan",
    "no-event",
    "late",
    "duplicate",
    "malformed",
)
"""Why an outcome is refused, in the order in which it is examined; the last by its readers."""

REFUSED, MODEL, REASON = "RefusedOutcomes", "Model", "Reason"
"""The metric of refused outcomes, and its dimensions."""

KEPT_BEYOND_WINDOW_SECONDS = 9 * 86_400
"""How long after its window an outcome is remembered: a monitor's window, of a week at most, is
judged when all its outcomes can have come, and the monitor may have been down for a day."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomePorts:
    """What crediting needs of the world."""

    store: ReleaseStore
    keys: Keys
    ledger: OutcomeLedger
    refused: Refused
    clock: Clock


class Declarations(Protocol):
    """What is deployed: a `ReleaseStore` has it, and whoever examines many keeps it for a while."""

    def declaration(self, model: str) -> Declaration | None:
        """What the last verified deploy of a model declared."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Examiner:
    """Tells which outcomes may be credited, with keys, plans and time as they are now."""

    keys: SigningKeys
    declarations: Declarations
    now: float

    def examine(self, prediction_id: str, *, wrong: bool) -> "Admitted | Refusal":
        """The outcome as it may be credited, once; or why it may not be."""
        try:
            prediction = verify(prediction_id, self.keys)
        except ForgedPredictionIdError as error:
            return Refusal(model=NO_MODEL, reason=FORGED, why=str(error))
        declaration = self.declarations.declaration(prediction.model)
        if declaration is None:
            return _refusal(prediction, ORPHAN, "its model is not deployed here")
        kind = declaration.plan.outcome_kind
        if not kind.accepts(wrong=wrong):
            return _refusal(prediction, NO_EVENT, _events_only(kind))
        window = declaration.plan.outcome_window_seconds
        if self.now - prediction.served_at > window:
            return _refusal(prediction, LATE, f"it came after {window} s")
        return Admitted(
            prediction=prediction,
            fingerprint=fingerprint(prediction.nonce),
            expires_at=prediction.served_at + window + KEPT_BEYOND_WINDOW_SECONDS,
            known_at=self.now,
            wrong=wrong,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """Why an outcome is not credited, and the model that it is counted for."""

    model: str
    reason: str
    why: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Admitted:
    """An outcome that may be credited, if it was not before under its fingerprint."""

    prediction: PredictionId
    fingerprint: str
    expires_at: float
    known_at: float
    wrong: bool

    @property
    def credit(self) -> Credit:
        """What the ledger keeps of it."""
        return Credit(expires_at=self.expires_at, wrong=self.wrong)

    def line(self) -> OutcomeLine:
        """The line of the request log that counts it."""
        prediction = self.prediction
        return OutcomeLine(
            model=prediction.model,
            release_id=prediction.release_id,
            slot=prediction.slot,
            split_version=prediction.split_version,
            served_at=prediction.served_at,
            known_at=self.known_at,
            wrong=self.wrong,
            unit=prediction.unit,
            client=prediction.client,
        )

    def repeated(self) -> Refusal:
        """The refusal of one that was credited before."""
        return _refusal(self.prediction, DUPLICATE, "it was credited before")


def credit(ports: OutcomePorts, prediction_id: str, *, wrong: bool) -> OutcomeLine:
    """The outcome is credited, and this line belongs into the request log.

    OutcomeRefusedError for a forged, orphaned, late or repeated one, or one that is no event where
    the plan takes events only; it is counted as such.
    """
    examiner = Examiner(keys=ports.keys.read(), declarations=ports.store, now=ports.clock.now())
    found = examiner.examine(prediction_id, wrong=wrong)
    if isinstance(found, Refusal):
        raise refuse(ports.refused, found)
    if not ports.ledger.credit(found.fingerprint, found.credit):
        raise refuse(ports.refused, found.repeated())
    return found.line()


def longest_window_seconds(store: ReleaseStore) -> int:
    """How long after a prediction an outcome of any deployed model is accepted."""
    declared = (store.declaration(model) for model in store.models())
    return max((one.plan.outcome_window_seconds for one in declared if one is not None), default=0)


def _refusal(prediction: PredictionId, reason: str, why: str) -> Refusal:
    return Refusal(model=prediction.model, reason=reason, why=why)


def _events_only(kind: OutcomeKind) -> str:
    event, value, none = _EVENTS[kind]
    return (
        f"the plan's outcomes are of kind {kind}, so only {event} is recorded (wrong: {value}); "
        f"{none}, which counts by itself when the outcome window has passed"
    )


_EVENTS: Mapping[OutcomeKind, tuple[str, str, str]] = {
    OutcomeKind.CONVERSIONS: ("a conversion", "false", "report nothing when none came"),
    OutcomeKind.COMPLAINTS: ("a complaint", "true", "report nothing when all is well"),
}


def refuse(refused: Refused, refusal: Refusal) -> OutcomeRefusedError:
    """The refusal, counted."""
    refused.count(refusal.model, refusal.reason)
    return OutcomeRefusedError(refusal.reason, f"the outcome was not credited: {refusal.why}")
