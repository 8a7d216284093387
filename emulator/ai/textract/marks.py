"""Boxes to tick: those written as text, and what makes a drawn one ticked."""

from collections.abc import Sequence

from emulator.ai.textract.page import Box, Mark, Word

_SIGNS = {
    "\u2610": False,  # ballot box
    "\u2611": True,  # ballot box with check
    "\u2612": True,  # ballot box with x
    "\u25a1": False,  # white square
    "\u25a0": True,  # black square
    "[]": False,
    "[_]": False,
    "[x]": True,
    "[X]": True,
}
TICKS = frozenset("xX\u00d7\u2713\u2714\u2717\u2718\u2022\u25cf")
"""What people, and programs that fill in forms, put in a box to tick it."""


def written(words: Sequence[Word]) -> tuple[list[Word], list[Mark]]:
    """The words that are none, and the boxes written as text (`[x]`, a ballot box)."""
    kept: list[Word] = []
    marks: list[Mark] = []
    place = 0
    while place < len(words):
        word, after = words[place], words[place + 1 : place + 2]
        if word.text == "[" and after and after[0].text == "]":
            box = Box.around([word.box, after[0].box])
            confidence = min(word.confidence, after[0].confidence)
            marks.append(Mark(box=box, is_selected=False, confidence=confidence))
            place += 2
            continue
        if word.text in _SIGNS:
            marks.append(
                Mark(box=word.box, is_selected=_SIGNS[word.text], confidence=word.confidence)
            )
        else:
            kept.append(word)
        place += 1
    return kept, marks


def drawn(
    boxes: Sequence[Box], words: Sequence[Word], strokes: Sequence[Box], *, confidence: float
) -> tuple[list[Word], list[Mark]]:
    """The words that are no ticks, and each drawn box with what is in it.

    A box is ticked if a tick, or a stroke, has its middle in it.
    """
    ticks = [word for word in words if len(word.text) == 1 and word.text in TICKS]
    used: list[Word] = []
    marks: list[Mark] = []
    for box in boxes:
        inside = [word for word in ticks if box.holds(word.box)]
        used += inside
        ticked = bool(inside) or any(box.holds(stroke) for stroke in strokes)
        marks.append(Mark(box=box, is_selected=ticked, confidence=confidence))
    return [word for word in words if word not in used], marks
