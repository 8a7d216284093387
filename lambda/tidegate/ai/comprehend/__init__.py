"""Comprehend: what people write about us, as it comes and in files."""

from collections.abc import Callable

from tidegate.ai.comprehend.arriving import JUDGED, begin, look
from tidegate.ai.comprehend.judging import find_entities, judge_posts, redact
from tidegate.ai.comprehend.posts import Entities, Judgement, Posts, Redacted, Text
from tidegate.ai.comprehend.settings import ComprehendSettings, faults
from tidegate.ai.kind import Alarm, Arrival, Kind, Operation, Parameters, Place, Rights, Route
from tidegate.ai.work import IN

_UNIT = "units of 100 characters"
"""Comprehend's price list: at least three units a text (of personal data as well)."""


def _units(texts: Callable[[Parameters], list[str]]) -> Callable[[Parameters], int]:
    return lambda given: sum(max(3, -(-len(text) // 100)) for text in texts(given))


def _operation(name: str, texts: Callable[[Parameters], list[str]]) -> Operation:
    return Operation(
        service="comprehend",
        name=name,
        action=f"comprehend:{name}",
        unit=_UNIT,
        units=_units(texts),
    )


def _one(given: Parameters) -> list[str]:
    return [given["Text"]]


def _many(given: Parameters) -> list[str]:
    return list(given["TextList"])


LANGUAGES = _operation("BatchDetectDominantLanguage", _many)
SENTIMENTS = _operation("BatchDetectSentiment", _many)
ENTITIES = _operation("DetectEntities", _one)
PERSONAL = _operation("DetectPiiEntities", _one)
TRANSLATION = Operation(
    service="translate",
    name="TranslateText",
    action="translate:TranslateText",
    unit="characters",
    units=lambda given: len(given["Text"]),
)


def _door(_settings: ComprehendSettings, _place: Place) -> Rights:
    return Rights(calls=(LANGUAGES, SENTIMENTS, ENTITIES, PERSONAL, TRANSLATION))


def _work(_settings: ComprehendSettings, _place: Place) -> Rights:
    return Rights(
        calls=(LANGUAGES, SENTIMENTS, PERSONAL, TRANSLATION),
        reads=(IN, JUDGED),
        writes=(JUDGED,),
    )


def _alarms(settings: ComprehendSettings) -> tuple[Alarm, ...]:
    if settings.negative_alarm_percent is None:
        return ()
    return (
        Alarm(
            name="Negative",
            says="More posts are negative than the project file allows",
            metric="NegativePercent",
            statistic="Average",
            threshold=settings.negative_alarm_percent,
            period_seconds=900,
        ),
    )


KIND = Kind(
    name="comprehend",
    title="Amazon Comprehend",
    job="Sentiment of what people write, as it comes and in files, stored without personal data",
    settings=ComprehendSettings,
    faults=faults,
    routes=(
        Route(
            name="sentiment",
            says="Judges the sentiment of up to 100 posts.",
            takes=Posts,
            gives=Judgement,
            answer=judge_posts,
        ),
        Route(
            name="entities",
            says="Finds what a text names.",
            takes=Text,
            gives=Entities,
            answer=find_entities,
        ),
        Route(
            name="redact",
            says="Gives a text back without its personal data.",
            takes=Text,
            gives=Redacted,
            answer=redact,
        ),
    ),
    arrivals=(
        Arrival(
            prefix="posts",
            says="Posts in JSON Lines are judged and stored without personal data",
            begin=begin,
            look=look,
            suffixes=(".jsonl",),
        ),
    ),
    door=_door,
    work=_work,
    alarms=_alarms,
)
