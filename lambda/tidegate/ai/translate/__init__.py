"""Translate: texts and web pages in the language of those who read them."""

import base64
from collections.abc import Mapping
from typing import Any

from tidegate.ai.kind import Arrival, Kind, Operation, Parameters, Place, Resources, Rights, Route
from tidegate.ai.translate.arriving import (
    LOCALISED,
    SUFFIXES,
    FileLink,
    ReaderOfFile,
    begin,
    link_for,
    look,
)
from tidegate.ai.translate.asking import (
    Language,
    LocalisedPage,
    LocalisedText,
    Page,
    Reader,
    Text,
    language_of,
    localise_page,
    localise_text,
)
from tidegate.ai.translate.localising import CACHE
from tidegate.ai.translate.settings import TERMINOLOGIES, TranslateSettings, faults
from tidegate.ai.work import IN


def _characters(given: Parameters) -> int:
    return len(given["Text"])


TRANSLATION = Operation(
    service="translate",
    name="TranslateText",
    action="translate:TranslateText",
    unit="characters",
    units=_characters,
)


def _resources(settings: TranslateSettings, place: Place) -> Resources:
    """A terminology for each file of terms, whichever is applied: arms share resources."""
    templates: dict[str, Mapping[str, Any]] = {}
    told: dict[str, str] = {}
    for setting, suffix in zip(TERMINOLOGIES, ("", "-other"), strict=True):
        text: str | None = getattr(settings, setting)
        if text is not None:
            told[setting] = f"{place.prefix}{suffix}"
            id_ = "".join(part.capitalize() for part in setting.split("_"))
            templates[id_] = _terminology(told[setting], text)
    return Resources(templates=templates, told=told)


def _terminology(name: str, text: str) -> Mapping[str, Any]:
    file = base64.b64encode(text.encode()).decode()
    return {
        "Type": "AWS::Translate::Terminology",
        "Properties": {
            "Name": name,
            "MergeStrategy": "OVERWRITE",
            "TerminologyData": {"File": file, "Format": "CSV", "Directionality": "UNI"},
        },
    }


def _door(_settings: TranslateSettings, _place: Place) -> Rights:
    return Rights(calls=(TRANSLATION,), reads=(CACHE, IN, LOCALISED), writes=(CACHE,))


def _work(_settings: TranslateSettings, _place: Place) -> Rights:
    return Rights(calls=(TRANSLATION,), reads=(CACHE, IN), writes=(CACHE, LOCALISED))


KIND = Kind(
    name="translate",
    title="Amazon Translate",
    job="Texts and web pages in the language of those who read them, their markup as it was",
    settings=TranslateSettings,
    faults=faults,
    routes=(
        Route(
            name="page",
            says="Gives a web page in the reader's language.",
            takes=Page,
            gives=LocalisedPage,
            answer=localise_page,
        ),
        Route(
            name="text",
            says="Gives a text in the reader's language.",
            takes=Text,
            gives=LocalisedText,
            answer=localise_text,
        ),
        Route(
            name="language",
            says="Tells which language a reader gets, and why.",
            takes=Reader,
            gives=Language,
            answer=language_of,
            method="GET",
        ),
        Route(
            name="version",
            says="Gives a link to the version of a file that a reader reads.",
            takes=ReaderOfFile,
            gives=FileLink,
            answer=link_for,
            method="GET",
        ),
    ),
    arrivals=(
        Arrival(
            prefix="pages",
            says="Pages and texts are put in every language that is offered",
            begin=begin,
            look=look,
            suffixes=SUFFIXES,
        ),
    ),
    door=_door,
    work=_work,
    resources=_resources,
)
