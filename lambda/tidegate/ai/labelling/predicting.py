"""Unsure predictions of a model: people look at them, and what they say is their outcome.

An application that asks the model hands on what it was answered with little confidence, under the
prediction id of the answer (docs/how-to/report-outcomes.md).
"""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.labelling.arriving import MOST_TEXT, kept_image
from tidegate.ai.labelling.goldfile import item_id
from tidegate.ai.labelling.records import Item, Prediction
from tidegate.ai.labelling.settings import FromModel, LabellingSettings, ours
from tidegate.ai.labelling.store import add
from tidegate.ai.limits import Between, Length
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid, unusable


@dataclass(frozen=True, slots=True, kw_only=True)
class Predicted:
    """What the model was asked and answered."""

    prediction_id: Annotated[
        str, "The header x-tidegate-prediction-id of the answer.", Length(least=1, most=2_000)
    ]
    source: Annotated[
        str, "The text; of images, where one of the service's is.", Length(least=1, most=MOST_TEXT)
    ]
    label: Annotated[str, "The class that the model predicted.", Length(least=1, most=60)]
    confidence: Annotated[float, "How sure the model is.", Between(least=0, most=1)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Queued:
    """Whether people look at it: not where the model is sure, or where they do already."""

    queued: bool
    item: str | None = None


def predicted(request: Predicted, ports: ServicePorts) -> Queued:
    """A prediction under the confidence is an item; the same one is one item, however often."""
    settings: LabellingSettings = ports.settings
    ours(ports)
    doubts = _doubts(request, settings)
    if request.confidence >= doubts.under:
        return Queued(queued=False)
    image = kept_image(request.source, ports) if settings.is_image else None
    if isinstance(image, str):
        raise invalid([f"source {image}"])
    # Each prediction is a question of its own: the same text may have been served twice.
    item = Item(
        id=item_id(f"prediction\0{request.prediction_id}"),
        source=request.source if image is None else image.key,
        came_at=ports.clock.now(),
        prediction=Prediction(
            id=request.prediction_id, label=request.label, confidence=request.confidence
        ),
        width=None if image is None else image.width,
        height=None if image is None else image.height,
    )
    added = add(item, ports)
    ports.metrics.put("Doubtful", int(added))
    return Queued(queued=added, item=item.id)


def _doubts(request: Predicted, settings: LabellingSettings) -> FromModel:
    if settings.from_model is None:
        raise unusable("the service looks at no model's predictions: settings.from_model names one")
    if request.label not in settings.classes:
        raise invalid([f"label is {request.label!r}, none of {', '.join(settings.classes)}"])
    return settings.from_model
