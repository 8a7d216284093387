"""Labels: classes of an item, or boxes in it. What the same label is, and what stands in a file.

A label is kept in JSON types: `{"classes": [...]}` or `{"boxes": [...]}`.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.labelling.boxes import Box, read_box
from tidegate.values import value

TEXT_CLASSES, IMAGE_BOXES = "text-classes", "image-boxes"


@value
class Label:
    """What an item shows: classes, in the order of the settings, or boxes."""

    classes: tuple[str, ...] = ()
    boxes: tuple[Box, ...] = ()

    def to_json(self) -> Mapping[str, Any]:
        """In JSON types."""
        return {"classes": list(self.classes), "boxes": [box.to_json() for box in self.boxes]}

    @classmethod
    def of(cls, told: Mapping[str, Any]) -> "Label":
        """The label that was kept so."""
        boxes = tuple(Box(**box) for box in told.get("boxes", ()))
        return cls(classes=tuple(told.get("classes", ())), boxes=boxes)


def chosen(label: Label, task: str, classes: Sequence[str]) -> Label | tuple[str, ...]:
    """The label as it is kept, with classes in their order; or all that is wrong with it."""
    faults = [
        f"{what} {name!r} is none of {', '.join(classes)}"
        for what, names in (
            ("classes: ", label.classes),
            ("boxes: class ", tuple(box.label for box in label.boxes)),
        )
        for name in names
        if name not in classes
    ]
    if task == IMAGE_BOXES and label.classes:
        faults.append(f"classes are for other tasks: {task} takes boxes")
    if task != IMAGE_BOXES and label.boxes:
        faults.append(f"boxes are for {IMAGE_BOXES}: {task} takes classes")
    if task not in {IMAGE_BOXES, TEXT_CLASSES} and len(label.classes) != 1:
        faults.append(f"classes are {len(label.classes)}, must be 1 for {task}")
    if faults:
        return tuple(faults)
    return Label(
        classes=tuple(name for name in classes if name in label.classes), boxes=label.boxes
    )


def known_label(told: Any, task: str, classes: Sequence[str]) -> Label | str:
    """The label that stands in a manifest; or what is wrong with it."""
    if task == IMAGE_BOXES:
        return _known_boxes(told, classes)
    many = told if task == TEXT_CLASSES and isinstance(told, list) else [told]
    names = [_named(one, classes) for one in many]
    if any(name is None for name in names):
        return f"is {told!r}, must name classes of {', '.join(classes)}, or their places from 0 on"
    return Label(classes=tuple(name for name in classes if name in names))


def _named(one: Any, classes: Sequence[str]) -> str | None:
    if isinstance(one, str):
        return one if one in classes else None
    is_place = isinstance(one, int) and not isinstance(one, bool) and 0 <= one < len(classes)
    return classes[one] if is_place else None


def _known_boxes(told: Any, classes: Sequence[str]) -> Label | str:
    annotations = told.get("annotations") if isinstance(told, Mapping) else None
    if not isinstance(annotations, list):
        return "must be an object with annotations, as Ground Truth writes boxes"
    boxes = [read_box(one, classes) for one in annotations]
    if any(box is None for box in boxes):
        return "annotations need class_id, left, top, width and height in pixels"
    return Label(boxes=tuple(box for box in boxes if box is not None))
