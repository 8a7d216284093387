"""The routes: sentiment of posts, entities of a text, a text without its personal data."""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.comprehend.batches import batched
from tidegate.ai.comprehend.posts import (
    Entities,
    Entity,
    Judged,
    Judgement,
    Posts,
    Redacted,
    Scores,
    Text,
)
from tidegate.ai.comprehend.reading import Readable, readable
from tidegate.ai.comprehend.redaction import redacted
from tidegate.ai.comprehend.settings import REDACTED, ComprehendSettings
from tidegate.ai.ports import ServicePorts

NEGATIVE = "negative"
_MOST_VALUES = 100
"""Values that one line of a metric holds (embedded metric format)."""


def judge_posts(request: Posts, ports: ServicePorts) -> Judgement:
    """Sentiment of each post; the share of negative ones is counted for the alarm."""
    texts = [(post.text, post.language) for post in request.posts]
    read = readable(texts, ports, languages=_settings(ports).languages)
    judged = [
        _with_id(found, post.id)
        for found, post in zip(sentiments(read, ports), request.posts, strict=True)
    ]
    count_negative(judged, ports)
    return Judgement(posts=tuple(judged), negative_percent=negative_percent(judged))


def _settings(ports: ServicePorts) -> ComprehendSettings:
    settings: ComprehendSettings = ports.settings
    return settings


def sentiments(read: Sequence[Readable], ports: ServicePorts) -> list[Judged]:
    """The sentiment of each text, asked in batches by language."""
    found: dict[int, Judged] = {}
    for language in sorted({text.language for text in read}):
        places = [place for place, text in enumerate(read) if text.language == language]
        answers = batched(
            "BatchDetectSentiment",
            [read[place].text for place in places],
            ports,
            LanguageCode=language,
        )
        for place, answer in zip(places, answers, strict=True):
            found[place] = _judged(read[place], answer)
    return [found[place] for place in range(len(read))]


def _judged(text: Readable, answer: Mapping[str, Any]) -> Judged:
    scores = {name.lower(): float(score) for name, score in answer["SentimentScore"].items()}
    return Judged(
        sentiment=str(answer["Sentiment"]).lower(),
        scores=Scores(**scores),
        language=text.original,
        translated=text.translated,
    )


def _with_id(judged: Judged, id_: str | None) -> Judged:
    return Judged(
        sentiment=judged.sentiment,
        scores=judged.scores,
        language=judged.language,
        translated=judged.translated,
        id=id_,
    )


def negative_percent(judged: Sequence[Judged]) -> float:
    """The share of negative posts, in percent; 0 of none."""
    negative = sum(found.sentiment == NEGATIVE for found in judged)
    return 100 * negative / len(judged) if judged else 0.0


def count_negative(judged: Sequence[Judged], ports: ServicePorts) -> None:
    """A value a post, 100 or 0: their average is the share, however posts are grouped."""
    values = [100.0 if found.sentiment == NEGATIVE else 0.0 for found in judged]
    for begin in range(0, len(values), _MOST_VALUES):
        chunk = values[begin : begin + _MOST_VALUES]
        ports.metrics.put("NegativePercent", chunk, unit="Percent")


def find_entities(request: Text, ports: ServicePorts) -> Entities:
    """People, places, organisations and the like that a text names."""
    text = _one(request, ports, _settings(ports).languages)
    answer = ports.calls.call(
        "comprehend", "DetectEntities", Text=text.text, LanguageCode=text.language
    )
    return Entities(
        text=text.text,
        language=text.original,
        translated=text.translated,
        entities=tuple(_entity(found) for found in answer["Entities"]),
    )


def _entity(found: Mapping[str, Any]) -> Entity:
    return Entity(
        type=str(found["Type"]),
        text=str(found["Text"]),
        score=float(found["Score"]),
        begin=int(found["BeginOffset"]),
        end=int(found["EndOffset"]),
    )


def redact(request: Text, ports: ServicePorts) -> Redacted:
    """The text without personal data; in English, where that cannot be found in its language."""
    return redacted(_one(request, ports, REDACTED), ports)


def _one(request: Text, ports: ServicePorts, languages: Sequence[str]) -> Readable:
    return readable([(request.text, request.language)], ports, languages=languages)[0]
