"""The file of gold questions: a manifest whose lines have a label each, that is known to be right.

A line is `{"source": TEXT}` or `{"source-ref": IMAGE}` with a member of the label's name: a class,
or its place from 0 on, as in Ground Truth's manifests; a list of those; boxes as there. Images are
named by their keys, `images/NAME`.
"""

import hashlib
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tidegate.ai.labelling.labels import Label, known_label

if TYPE_CHECKING:
    from tidegate.ai.labelling.settings import LabellingSettings

MOST_GOLD = 500
_MOST_TOLD = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Gold:
    """A gold question. `source` is the text, or the image's key; `id` is as any item's."""

    id: str
    source: str
    label: Label


def image_key(source: str) -> str:
    """The key of an image of the service: images are named by it, or by their whole address."""
    return re.sub(r"^s3://[^/]+/", "", source)


def item_id(source: str) -> str:
    """The id of an item: the same source is the same item."""
    return hashlib.sha256(source.encode()).hexdigest()[:32]


def syntax_faults(text: str) -> tuple[str, ...]:
    """What of the file is no manifest, whatever the task is."""
    found: list[str] = []
    lines = list(_lines(text))
    for number, line in lines:
        if line is None:
            found.append(f"line {number} is no JSON object with source or source-ref")
    if not lines:
        found.append("has no lines")
    if len(lines) > MOST_GOLD:
        found.append(f"has {len(lines)} lines, at most {MOST_GOLD}")
    return tuple(found[:_MOST_TOLD])


def _lines(text: str) -> Iterator[tuple[int, Mapping[str, Any] | None]]:
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            yield number, _line(line)


def _line(text: str) -> Mapping[str, Any] | None:
    try:
        found = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(found, dict):
        return None
    sources = [found.get(name) for name in ("source", "source-ref") if name in found]
    return found if len(sources) == 1 and isinstance(sources[0], str) and sources[0] else None


def gold_of(text: str, settings: "LabellingSettings") -> tuple[tuple[Gold, ...], tuple[str, ...]]:
    """The questions, and what is wrong with lines whose syntax is right."""
    golds: dict[str, Gold] = {}
    faults: list[str] = []
    wanted = "source-ref" if settings.is_image else "source"
    for number, line in _lines(text):
        if line is None:
            continue
        if wanted not in line:
            faults.append(f"line {number} has no {wanted}, which task {settings.task} needs")
            continue
        label = known_label(line.get(settings.label), settings.task, settings.classes)
        if isinstance(label, str):
            faults.append(f"line {number}: {settings.label} {label}")
            continue
        source = image_key(line[wanted]) if settings.is_image else line[wanted]
        id_ = item_id(source)
        if id_ in golds:
            faults.append(f"line {number} is told twice")
        golds[id_] = Gold(id=id_, source=source, label=label)
    return tuple(golds.values()), tuple(faults[:_MOST_TOLD])
