"""Manifests as Ground Truth reads and writes them, so that training reads ours unchanged.

Source: SageMaker developer guide, "Input data" (a line has `source` or `source-ref`) and "Labeling
job output data" (the label, and its metadata under the label's name and `-metadata`).
"""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from tidegate.ai.labelling.labels import Label
from tidegate.ai.labelling.records import Item
from tidegate.ai.labelling.settings import (
    IMAGE_BOXES,
    IMAGE_CLASS,
    TEXT_CLASS,
    TEXT_CLASSES,
    LabellingSettings,
)
from tidegate.values import value

_TYPES: Mapping[str, str] = {
    TEXT_CLASS: "groundtruth/text-classification",
    TEXT_CLASSES: "groundtruth/text-classification-multilabel",
    IMAGE_CLASS: "groundtruth/image-classification",
    IMAGE_BOXES: "groundtruth/object-detection",
}
SOURCE, SOURCE_REF = "source", "source-ref"


@value
class Job:
    """Who labelled: the service, and the address of its bucket, which ends with a slash."""

    service: str
    address: str


@value
class Sure:
    """How sure the label is, and single classes, where there may be any number."""

    label: float
    each: Mapping[str, float]


def labelled_line(
    item: Item,
    settings: LabellingSettings,
    *,
    job: Job,
    sure: Sure,
) -> Mapping[str, Any]:
    """The line of an item whose label is known."""
    if item.label is None or item.decided_at is None:
        raise ValueError(f"item {item.id} has no label yet")
    told, more = _told(item, item.label, settings, sure)
    moment = datetime.fromtimestamp(item.decided_at, UTC).replace(tzinfo=None)
    return {
        **item.line,
        **_source(item, settings, job),
        settings.label: told,
        f"{settings.label}-metadata": {
            **more,
            "type": _TYPES[settings.task],
            "human-annotated": "yes",
            "creation-date": moment.isoformat(timespec="microseconds"),
            "job-name": f"labeling-job/{job.service}",
        },
    }


def _source(item: Item, settings: LabellingSettings, job: Job) -> Mapping[str, str]:
    if settings.is_image:
        return {SOURCE_REF: f"{job.address}{item.source}"}
    return {SOURCE: item.source}


def _told(
    item: Item,
    label: Label,
    settings: LabellingSettings,
    sure: Sure,
) -> tuple[Any, Mapping[str, Any]]:
    place = {name: number for number, name in enumerate(settings.classes)}
    if settings.task == IMAGE_BOXES:
        return _boxes(item, label, place, sure.label)
    if settings.task == TEXT_CLASSES:
        names = {str(place[name]): name for name in label.classes}
        each = {str(place[name]): round(sure.each[name], 4) for name in label.classes}
        return [place[name] for name in label.classes], {
            "class-map": names,
            "confidence-map": each,
        }
    (name,) = label.classes
    return place[name], {"class-name": name, "confidence": round(sure.label, 4)}


def _boxes(
    item: Item, label: Label, place: Mapping[str, int], confidence: float
) -> tuple[Any, Mapping[str, Any]]:
    annotations = [
        {
            "class_id": place[box.label],
            "left": box.left,
            "top": box.top,
            "width": box.width,
            "height": box.height,
        }
        for box in label.boxes
    ]
    size = {"width": item.width, "height": item.height, "depth": 3}
    return {"annotations": annotations, "image_size": [size]}, {
        "objects": [{"confidence": round(confidence, 4)} for _ in label.boxes],
        "class-map": {str(place[box.label]): box.label for box in label.boxes},
    }


def line_text(line: Mapping[str, Any]) -> str:
    """The line as it stands in the file."""
    return f"{json.dumps(line, ensure_ascii=False)}\n"
