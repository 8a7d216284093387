"""Decisions: by the rules and a model's score, or by a detector that has the rules."""

import math
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.ai.fraud.events import (
    Decision,
    Event,
    Judged,
    Named,
    decision_of,
    digest_of,
    row_of,
    values_of,
)
from tidegate.ai.fraud.rules import APPROVE, BLOCK, REVIEW, SCORE, rules_of
from tidegate.ai.fraud.settings import FRAUD_DETECTOR, FraudSettings
from tidegate.ai.fraud.store import judged_of, save
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import (
    CallFailedError,
    CallRefusedError,
    ProblemError,
    ThrottledError,
    not_found,
)
from tidegate.errors import ConflictError

ENDPOINT, DETECTOR, PREFIX = "endpoint", "detector", "prefix"
"""What functions are told of the service's resources."""
CUSTOMER = "customer"
_METRICS = {APPROVE: "Approved", REVIEW: "Reviewed", BLOCK: "Blocked"}


def judge(event: Event, ports: ServicePorts) -> Decision:
    """The decision, stored with the event before it is told; the same event has the same one."""
    settings: FraudSettings = ports.settings
    values = values_of(event, settings)
    digest = digest_of(event, values)
    known = judged_of(event.event, ports)
    if known is None:
        known = _decided(event, values, digest, ports)
    if known.digest != digest:
        message = "this event was judged with other variables: a new event takes a new id"
        raise ProblemError("event-known", message, status=409)
    return decision_of(known)


def find(request: Named, ports: ServicePorts) -> Decision:
    """What was decided, and what became of it."""
    known = judged_of(request.event, ports)
    if known is None:
        raise not_found("no such event: it was never judged, or has expired")
    return decision_of(known)


def _decided(event: Event, values: Mapping[str, Any], digest: str, ports: ServicePorts) -> Judged:
    """A new decision, or the one that another request stored meanwhile."""
    settings: FraudSettings = ports.settings
    by_detector = settings.engine == FRAUD_DETECTOR
    found = (_by_detector if by_detector else _by_rules)(event, values, ports)
    judged = Judged(
        event=event.event,
        customer=event.customer,
        digest=digest,
        at=ports.clock.now(),
        values=values,
        **found,
    )
    try:
        save(judged, ports)
    except ConflictError:
        return judged_of(event.event, ports) or judged
    ports.metrics.put(_METRICS[judged.decision], 1)
    return judged


def _by_rules(_event: Event, values: Mapping[str, Any], ports: ServicePorts) -> Mapping[str, Any]:
    settings: FraudSettings = ports.settings
    told = dict(values)
    if settings.endpoint is not None:
        try:
            told[SCORE] = _score(values, ports)
        except (CallFailedError, ThrottledError):
            ports.metrics.put("WithoutScore", 1)
            rule = "the model did not answer"
            return {"decision": settings.without_score, "rule": rule, "without_score": True}
    rule_found = next(rule for rule in rules_of(settings.rules) if rule.holds(told))
    return {
        "decision": rule_found.decision,
        "rule": rule_found.text,
        "score": told.get(SCORE),
    }


def _score(values: Mapping[str, Any], ports: ServicePorts) -> float:
    """The probability of fraud that the endpoint answers."""
    answer = ports.calls.call(
        "sagemaker-runtime",
        "InvokeEndpoint",
        EndpointName=ports.resources[ENDPOINT],
        ContentType="text/csv",
        Accept="text/csv",
        Body=row_of(values, ports.settings).encode(errors="replace"),
    )
    text = answer["Body"].read().decode(errors="replace")
    first = text.strip().split("\n", maxsplit=1)[0].split(",", maxsplit=1)[0].strip("[] ")
    try:
        score = float(first)
    except ValueError:
        score = math.nan
    if not 0.0 <= score <= 1.0:
        # The message may be logged: what the model said is not in it.
        message = "the endpoint must answer with a number from 0 to 1"
        raise CallFailedError(operation="InvokeEndpoint", code="NoScore", message=message)
    return score


def _by_detector(event: Event, values: Mapping[str, Any], ports: ServicePorts) -> Mapping[str, Any]:
    prefix = ports.resources[PREFIX]
    moment = datetime.fromtimestamp(ports.clock.now(), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    told = {f"{prefix}_{name}": _text(value) for name, value in values.items() if value != ""}
    answer = ports.calls.call(
        "frauddetector",
        "GetEventPrediction",
        detectorId=ports.resources[DETECTOR],
        eventId=event.event,
        eventTypeName=prefix,
        eventTimestamp=moment,
        entities=[{"entityType": f"{prefix}_{CUSTOMER}", "entityId": event.customer}],
        eventVariables=told,
    )
    results = answer.get("ruleResults", ())
    if not results or not results[0].get("outcomes"):
        raise CallRefusedError(
            operation="GetEventPrediction", code="NoRule", message="no rule of the detector holds"
        )
    line = int(results[0]["ruleId"].rpartition("_")[2])
    settings: FraudSettings = ports.settings
    texts = {rule.line: rule.text for rule in rules_of(settings.rules)}
    outcome: str = results[0]["outcomes"][0]
    return {"decision": outcome.rpartition("_")[2], "rule": texts.get(line, f"line {line}")}


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
