"""Sentiment of English texts by VADER's lexicon and rules, which were made for social media.

C. J. Hutto, E. Gilbert: VADER: A Parsimonious Rule-based Model for Sentiment Analysis of Social
Media Text (ICWSM 2014). It is no model of Comprehend's: words it does not know are neutral.
"""

from functools import cache
from typing import Any

ENGINE = "vaderSentiment"

_THRESHOLD = 0.05
"""VADER's own: a text of a compound score beyond it is positive or negative, else neutral."""
_WHOLLY_CHARGED = 0.5
"""The share of charged words from which a balanced text is wholly mixed."""


def judged(text: str) -> dict[str, Any]:
    """Comprehend's `Sentiment` and `SentimentScore`; the label is the highest of the four scores.

    With VADER's shares p and n of positive and negative words and its compound score c: mixed is
    m = min(p, n) / max(p, n) * min(1, (p + n) / 0.5); the rest 1 - m is divided by
    s = |c| / (|c| + 0.05) into charged (the side that c is on) and neutral. So without words of
    both kinds the label is VADER's own. The scores sum to 1.
    """
    found = _analyzer().polarity_scores(text)
    mixed = _mixed(found["pos"], found["neg"])
    compound: float = found["compound"]
    charged = abs(compound) / (abs(compound) + _THRESHOLD)
    scores = {
        "Positive": (1 - mixed) * charged if compound > 0 else 0.0,
        "Negative": (1 - mixed) * charged if compound < 0 else 0.0,
        "Neutral": (1 - mixed) * (1 - charged),
        "Mixed": mixed,
    }
    label = max(scores, key=scores.__getitem__)
    return {"Sentiment": label.upper(), "SentimentScore": scores}


def _mixed(positive: float, negative: float) -> float:
    more = max(positive, negative)
    if more == 0:
        return 0.0
    balance = min(positive, negative) / more
    return balance * min(1.0, (positive + negative) / _WHOLLY_CHARGED)


@cache
def _analyzer() -> Any:
    from vaderSentiment.vaderSentiment import (  # noqa: PLC0415 - reads its lexicon
        SentimentIntensityAnalyzer,
    )

    return SentimentIntensityAnalyzer()
