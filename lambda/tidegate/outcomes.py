"""Outcomes: what later became known of a served prediction, credited to it exactly once.

The credit comes before its line in the request log: a process that dies between the two loses one
outcome, and never counts one twice.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.errors import ForgedPredictionIdError, OutcomeRefusedError
from tidegate.observation import OutcomeKind, Unit
from tidegate.ports import Clock, Keys, OutcomeLedger, Refused, ReleaseStore
from tidegate.prediction_id import PredictionId, fingerprint, verify
from tidegate.requestlog import OutcomeLine

NO_MODEL = "-"
"""The model under which outcomes are counted that do not prove which model they are of."""

_KEPT_BEYOND_WINDOW_SECONDS = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomePorts:
    """What crediting needs of the world."""

    store: ReleaseStore
    keys: Keys
    ledger: OutcomeLedger
    refused: Refused
    clock: Clock


def credit(ports: OutcomePorts, prediction_id: str, *, wrong: bool) -> OutcomeLine:
    """The outcome is credited, and this line belongs into the request log.

    OutcomeRefusedError for a forged, orphaned, late or repeated one, or one that is no event where
    the plan takes events only; it is counted as such.
    """
    prediction = _verified(ports, prediction_id)
    now = ports.clock.now()
    declaration = ports.store.declaration(prediction.model)
    if declaration is None:
        raise refuse(ports.refused, prediction.model, "orphan", "its model is not deployed here")
    kind = declaration.plan.outcome_kind
    if not kind.accepts(wrong=wrong):
        raise refuse(ports.refused, prediction.model, "no-event", _events_only(kind))
    window = declaration.plan.outcome_window_seconds
    if now - prediction.served_at > window:
        raise refuse(ports.refused, prediction.model, "late", f"it came after {window} s")
    kept_until = prediction.served_at + window + _KEPT_BEYOND_WINDOW_SECONDS
    if not ports.ledger.credit(fingerprint(prediction_id), expires_at=kept_until):
        raise refuse(ports.refused, prediction.model, "duplicate", "it was credited before")
    return OutcomeLine(
        model=prediction.model,
        release_id=prediction.release_id,
        slot=prediction.slot,
        split_version=prediction.split_version,
        served_at=prediction.served_at,
        known_at=now,
        wrong=wrong,
        unit=Unit.REQUEST if prediction.client == "" else Unit.USER,
        client=prediction.client,
    )


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


def _verified(ports: OutcomePorts, prediction_id: str) -> PredictionId:
    try:
        return verify(prediction_id, ports.keys.read())
    except ForgedPredictionIdError as error:
        raise refuse(ports.refused, NO_MODEL, "forged", str(error)) from error


def refuse(refused: Refused, model: str, reason: str, why: str) -> OutcomeRefusedError:
    """The refusal, counted."""
    refused.count(model, reason)
    return OutcomeRefusedError(reason, f"the outcome was not credited: {why}")
