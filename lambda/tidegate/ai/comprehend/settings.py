"""Settings of a service that judges what people write, and what AWS takes.

Languages: Comprehend API reference, BatchDetectSentiment and DetectPiiEntities, LanguageCode.
"""

from dataclasses import dataclass
from typing import Annotated

from tidegate.ai.limits import Between, Length, OneOf

JUDGED = ("en", "es", "fr", "de", "it", "pt", "ar", "hi", "ja", "ko", "zh", "zh-TW")
"""Languages that Comprehend judges sentiment and finds entities in."""
REDACTED = ("en", "es")
"""Languages that Comprehend finds personal data in."""
ENGLISH = "en"
"""What a text in any other language is translated to first."""
TEXT_BYTES = 5_000
"""The longest text that sentiment is judged of (Comprehend developer guide, quotas)."""
BATCH = 25
"""The most texts of a batch (the same)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ComprehendSettings:
    """Sentiment, entities and personal data of short texts, such as posts."""

    languages: Annotated[
        tuple[Annotated[str, OneOf(JUDGED)], ...],
        "Languages judged as they are; texts in others are translated to English first.",
        Length(least=1, most=len(JUDGED)),
    ] = JUDGED
    default_language: Annotated[
        str,
        "Language of texts whose own is not sure: Comprehend needs some 20 characters to tell it.",
        OneOf(JUDGED),
    ] = ENGLISH
    negative_alarm_percent: Annotated[
        float | None,
        "Share of negative posts in 15 minutes above which people are told; null tells nobody.",
        Between(least=1, most=100),
    ] = None
    keep_types: Annotated[
        tuple[Annotated[str, Length(least=1, most=40)], ...],
        "Types of personal data that may be stored (such as DATE_TIME); others are redacted.",
        Length(most=40),
    ] = ()


def faults(settings: ComprehendSettings) -> tuple[str, ...]:
    """English must be judged: everything else is translated to it."""
    needed = dict.fromkeys((ENGLISH, settings.default_language))
    return tuple(
        f"languages lack {code}: texts are translated to it or taken for it"
        for code in needed
        if code not in settings.languages
    )
