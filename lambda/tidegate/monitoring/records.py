"""Captured requests as records: what a line of a capture file says of features and predictions.

Format: developer guide, "Capture data from real-time endpoint". JSON bodies are read by JSON
pointers, CSV bodies by the names of their columns. Nothing that is read here is kept.
"""

import binascii
import csv
import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from tidegate.monitoring.answers import count_attributions, count_slices
from tidegate.monitoring.baseline import ATTRIBUTIONS, NO_FEATURES, PREDICTION, Baseline
from tidegate.monitoring.bins import Bins
from tidegate.monitoring.counts import FeatureCounts, Window
from tidegate.monitoring.plan import MonitoringPlan
from tidegate.monitoring.scores import score_of
from tidegate.monitoring.slices import numbers_in
from tidegate.monitoring.waiting import Waiting
from tidegate.prediction_id import fingerprint
from tidegate.shadow.agreement import NOWHERE, found_at
from tidegate.values import value

MOST_CLIENTS = 20_000
"""Clients that are told apart in one window; those after them are no evidence."""

_DIGEST_BYTES = 6


@value
class Asked:
    """One captured request: when it was answered (epoch seconds), and what was said.

    `inference_id` is "" where whoever asked gave none.
    """

    at: float
    request: bytes
    answer: bytes
    inference_id: str = ""


def asked_in(line: str) -> Asked | None:
    """What a line of a capture file says; None where it is damaged."""
    try:
        document = json.loads(line)
        data, event = document["captureData"], document["eventMetadata"]
        return Asked(
            at=datetime.fromisoformat(event["inferenceTime"]).timestamp(),
            inference_id=str(event.get("inferenceId", "")),
            request=_payload(data.get("endpointInput")),
            answer=_payload(data.get("endpointOutput")),
        )
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def _payload(half: Mapping[str, Any] | None) -> bytes:
    if half is None:
        return b""
    text: str = half["data"]
    return binascii.a2b_base64(text) if half["encoding"] == "BASE64" else text.encode()


def rows_of(plan: MonitoringPlan, request: bytes) -> list[Mapping[str, Any]]:
    """The records of a request; none where there is nothing that can be read as one."""
    if plan.columns and request.lstrip()[:1] not in (b"{", b"["):
        return _csv_rows(plan.columns, request)
    found = found_at(request, plan.records)
    if isinstance(found, dict):
        return [found]
    if not isinstance(found, list):
        return []
    if plan.columns and found and not isinstance(found[0], (list, dict)):
        return [dict(zip(plan.columns, found, strict=False))]
    return [row for one in found if (row := _row(plan.columns, one)) is not None]


def _row(columns: Sequence[str], one: Any) -> Mapping[str, Any] | None:
    if isinstance(one, dict):
        return one
    if isinstance(one, list) and columns:
        return dict(zip(columns, one, strict=False))
    return None


def _csv_rows(columns: Sequence[str], request: bytes) -> list[Mapping[str, Any]]:
    try:
        lines = csv.reader(request.decode().splitlines())
        return [dict(zip(columns, cells, strict=False)) for cells in lines if cells]
    except (UnicodeDecodeError, csv.Error):
        return []


def predictions_of(plan: MonitoringPlan, answer: bytes) -> list[Any]:
    """The prediction of each record, as they are in the answer."""
    if plan.predictions is None:
        return []
    found = found_at(answer, plan.predictions)
    if found is NOWHERE or isinstance(found, bytes):
        return []
    many = found if isinstance(found, list) else [found]
    return [_within(one, plan.prediction) for one in many]


def _within(one: Any, pointer: str) -> Any:
    for part in pointer.split("/")[1:]:
        if isinstance(one, dict):
            one = one.get(part)
        elif isinstance(one, list) and part.isdecimal() and int(part) < len(one):
            one = one[int(part)]
        else:
            return None
    return one


def count(
    window: Window,
    asked: Asked,
    *,
    plan: MonitoringPlan,
    baseline: Baseline,
    waiting: Waiting | None = None,
) -> bool:
    """The request is counted in the window; returns whether it could be read.

    A request is one vote, whatever number of records it holds, since they are not independent; one
    that cannot be read lacks every feature. Where the plan tells clients apart, each client's first
    request of a window counts, and no other. What has a score is among the waiting.
    """
    if plan.client is not None and not _is_first(window, asked.request, plan.client):
        window.repeated += 1
        return True
    window.requests += 1
    rows = rows_of(plan, asked.request)
    for name, feature in baseline.features.items():
        counts = window.features.get(name)
        if counts is None:
            counts = window.features[name] = FeatureCounts.empty(feature.bins.count)
        if name in NO_FEATURES:
            continue
        if not rows:
            counts.missing += 1
        for row in rows:
            counts.put(feature.bins, row.get(name), weight=1 / len(rows))
    _count_answer(window, asked, rows, plan=plan, baseline=baseline)
    if waiting is not None:
        _await_label(waiting, asked, rows, plan=plan, baseline=baseline)
    return bool(rows)


def _count_answer(
    window: Window,
    asked: Asked,
    rows: Sequence[Mapping[str, Any]],
    *,
    plan: MonitoringPlan,
    baseline: Baseline,
) -> None:
    feature, explained = baseline.features.get(PREDICTION), baseline.features.get(ATTRIBUTIONS)
    if feature is not None and plan.predictions is not None:
        found = predictions_of(plan, asked.answer)
        _count_predictions(window.features[PREDICTION], found, feature.bins)
        if len(found) == len(rows):
            slicings = baseline.sliced_by(plan.slices)
            count_slices(window, rows, found, bins=feature.bins, slicings=slicings)
    if explained is not None and plan.attributions is not None:
        told = found_at(asked.answer, plan.attributions)
        counts = window.features[ATTRIBUTIONS]
        count_attributions(counts, told, explained.bins, columns=plan.columns)


def _count_predictions(counts: FeatureCounts, found: Sequence[Any], bins: Bins) -> None:
    if not found:
        counts.missing += 1
    for one in found:
        counts.put(bins, one, weight=1 / len(found))


def _await_label(
    waiting: Waiting,
    asked: Asked,
    rows: Sequence[Mapping[str, Any]],
    *,
    plan: MonitoringPlan,
    baseline: Baseline,
) -> None:
    """The score is kept until its label comes, if there is one, and can be the other.

    A label is of a request: where that has several records, it is not known whose it is.
    """
    if plan.score is None or len(rows) != 1 or not asked.inference_id:
        return
    score = score_of(found_at(asked.answer, plan.score.at))
    if score is not None:
        numbers = numbers_in(baseline.sliced_by(plan.slices), rows[0])
        waiting.put(fingerprint(asked.inference_id), score, numbers)


def _is_first(window: Window, request: bytes, pointer: str) -> bool:
    found = found_at(request, pointer)
    # Who is not named is told apart by nothing: such requests count one by one.
    if found is NOWHERE or found is None:
        return True
    text = json.dumps(found, sort_keys=True) if not isinstance(found, bytes) else found.hex()
    digest = hashlib.blake2b(text.encode(), digest_size=_DIGEST_BYTES).hexdigest()
    if digest in window.clients or len(window.clients) >= MOST_CLIENTS:
        return False
    window.clients.add(digest)
    return True
