"""Questions about a form, answered from its fields: the label whose words the question has.

"What is the date of birth?" is answered by the value of "Date of birth:". There is no model that
understands a question, so one in other words than the form's has no answer.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from emulator.ai.textract.forms import Entry

_LISTED = """
a an the is are was were what which who whom whose when where how much many of on in for to
does do did this that there please tell me s by at from and or it its has have give
"""
_EMPTY = frozenset(_LISTED.split())
"""Words that say nothing of what is asked."""
_LEAST_SHARE = 0.5
"""Of the words of question and label together that both have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Found:
    """The field that answers a question, and how sure that is, from 0 to 100."""

    entry: Entry
    confidence: float


def answer(question: str, entries: Sequence[Entry]) -> Found | None:
    """The field that fits best; None if none shares half of its words with the question."""
    asked = _words(question)
    best: Found | None = None
    for entry in entries:
        label = _words(entry.name)
        if entry.mark is not None or not entry.value or not label:
            continue
        share = len(asked & label) / len(asked | label)
        if share >= _LEAST_SHARE and (best is None or share > best.confidence / 100):
            best = Found(entry=entry, confidence=100 * share)
    if best is None:
        return None
    return Found(entry=best.entry, confidence=min(best.confidence, best.entry.confidence))


def _words(text: str) -> frozenset[str]:
    return frozenset(re.findall(r"[^\W_]+", text.lower())) - _EMPTY
