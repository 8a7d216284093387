"""Fields of interactive forms (AcroForm): what was typed and ticked shows on the page as well."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from emulator.ai.textract.page import EXACT, Box, Mark, Word

_LETTER_WIDTH = 0.5
"""Of its height: the mean of Helvetica, in which most forms are filled in."""


def filled_in(
    annotations: Sequence[Mapping[str, Any]], box_of: Callable[[Mapping[str, Any]], Box]
) -> tuple[list[Word], list[Mark]]:
    """The words typed into fields, and the boxes to tick; `box_of` places an annotation."""
    words: list[Word] = []
    marks: list[Mark] = []
    for annotation in annotations:
        data = annotation.get("data") or {}
        kind = _name(_inherited(data, "FT"))
        if kind in {"Tx", "Ch"}:
            words += _typed(_text(_inherited(data, "V")), annotation, box_of)
        elif kind == "Btn" and data.get("AS") is not None:
            ticked = _name(data["AS"]) != "Off"
            marks.append(Mark(box=box_of(annotation), is_selected=ticked, confidence=EXACT))
    return words, marks


def _typed(
    text: str, annotation: Mapping[str, Any], box_of: Callable[[Mapping[str, Any]], Box]
) -> Iterator[Word]:
    """The words one after the other, as wide as their letters would be in the field."""
    left, right = float(annotation["x0"]), float(annotation["x1"])
    height = float(annotation["bottom"]) - float(annotation["top"])
    step = min(_LETTER_WIDTH * height, (right - left) / max(1, len(text)))
    place = 0
    for word in text.split():
        start = text.index(word, place)
        place = start + len(word)
        part = {**annotation, "x0": left + start * step, "x1": left + place * step}
        yield Word(text=word, box=box_of(part), confidence=EXACT)


def _inherited(data: Mapping[str, Any], name: str) -> Any:
    """A field's own value, or that of the field it is part of."""
    from pdfminer.pdftypes import resolve1  # noqa: PLC0415 - only for PDFs

    seen = 0
    while name not in data and "Parent" in data and seen < 8:
        data, seen = resolve1(data["Parent"]), seen + 1
    return resolve1(data.get(name))


def _name(value: Any) -> str:
    """A PDF name as text; "" for anything else."""
    found = getattr(value, "name", value)
    return found.decode("latin-1") if isinstance(found, bytes) else str(found or "")


def _text(value: Any) -> str:
    from pdfminer.utils import decode_text  # noqa: PLC0415 - only for PDFs

    return decode_text(value) if isinstance(value, bytes) else str(value or "")
