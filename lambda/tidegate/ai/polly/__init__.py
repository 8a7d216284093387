"""Polly: what callers hear, with their own words in it."""

import hashlib

from tidegate.ai.files import Wanted
from tidegate.ai.kind import Arrival, Kind, Operation, Parameters, Place, Resources, Rights, Route
from tidegate.ai.polly.reading_aloud import SPOKEN, SUFFIXES, SpokenLink, begin, link_of, look
from tidegate.ai.polly.settings import UNITS, PollySettings, faults
from tidegate.ai.polly.speaking import LEXICON, SPEECH, Speech, Words, speak
from tidegate.ai.polly.ssml import billed_characters
from tidegate.ai.work import IN

_UNIT = "half characters of a standard voice"


def _units(given: Parameters) -> int:
    return UNITS[given["Engine"]] * billed_characters(given["Text"])


def _speaking(name: str) -> Operation:
    return Operation(service="polly", name=name, action=f"polly:{name}", unit=_UNIT, units=_units)


def _asking(name: str) -> Operation:
    return Operation(service="polly", name=name, action=f"polly:{name}", unit="looks")


SPEAK = _speaking("SynthesizeSpeech")
START = _speaking("StartSpeechSynthesisTask")
GET = _asking("GetSpeechSynthesisTask")
LIST = _asking("ListSpeechSynthesisTasks")


def _resources(settings: PollySettings, place: Place) -> Resources:
    """A lexicon, if the settings have one; its name is 20 letters and digits at most."""
    if settings.lexicon is None:
        return Resources()
    name = f"L{hashlib.sha256(place.prefix.encode()).hexdigest()[:19]}"
    lexicon = {
        "Type": "AWS::Polly::Lexicon",
        "Properties": {"Name": name, "Content": settings.lexicon},
    }
    return Resources(templates={"Lexicon": lexicon}, told={LEXICON: name})


def _door(_settings: PollySettings, _place: Place) -> Rights:
    return Rights(calls=(SPEAK,), reads=(SPEECH, SPOKEN), writes=(SPEECH,))


def _work(_settings: PollySettings, _place: Place) -> Rights:
    return Rights(calls=(START, GET, LIST), reads=(IN,), writes=(SPOKEN,))


KIND = Kind(
    name="polly",
    title="Amazon Polly",
    job="What callers hear: templates with their own words, long texts, spoken once",
    settings=PollySettings,
    faults=faults,
    routes=(
        Route(
            name="speak",
            says="Speaks a template with its values, or a text, and gives a link to the sound.",
            takes=Words,
            gives=Speech,
            answer=speak,
        ),
        Route(
            name="sound",
            says="Gives a link to the sound of a file.",
            takes=Wanted,
            gives=SpokenLink,
            answer=link_of,
            method="GET",
        ),
    ),
    arrivals=(
        Arrival(
            prefix="texts",
            says="Long texts are spoken",
            begin=begin,
            look=look,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=_resources,
)
