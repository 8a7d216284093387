"""A form as a record: fields with their values, and which of them a person must look at. Pure."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Annotated, Any

from tidegate.ai.textract.blocks import Form, Pair, Table
from tidegate.ai.textract.settings import TEXT, TICK, Field, TextractSettings
from tidegate.ai.textract.values import Value, value_of

READ, REVIEWED = "read", "reviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A field of the record. `read` is what stands on the form; `doubt` says why it is not sure.

    `source` is read, or reviewed where a person said it. Confidence is in percent.
    """

    value: Annotated[Any, "Text, number, date as YYYY-MM-DD, or whether ticked."] = None
    read: str | None = None
    confidence: float | None = None
    page: int | None = None
    source: str = READ
    doubt: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """What a form says: fields by name, and every table."""

    pages: int
    fields: Mapping[str, Entry]
    tables: tuple[Table, ...]
    reviewer: str | None = None
    """Who looked at the doubtful fields, as that one gave their name."""

    @property
    def doubtful(self) -> tuple[str, ...]:
        """The fields that a person must look at."""
        return tuple(name for name, entry in self.fields.items() if entry.doubt is not None)


def record_of(form: Form, settings: TextractSettings) -> Record:
    """The record of a form, with its doubts."""
    return Record(
        pages=form.pages,
        fields=_asked_for(form, settings) if settings.fields else _all(form, settings),
        tables=form.tables,
    )


def _all(form: Form, settings: TextractSettings) -> Mapping[str, Entry]:
    """Every label of the form is a field; of one that stands there twice the surer one counts."""
    found: dict[str, Entry] = {}
    for pair in sorted(form.pairs, key=lambda pair: -pair.confidence):
        kind = TEXT if pair.ticked is None else TICK
        found.setdefault(pair.label, _entry(pair, Field(type=kind), settings))
    return {pair.label: found[pair.label] for pair in form.pairs}


def _asked_for(form: Form, settings: TextractSettings) -> Mapping[str, Entry]:
    return {name: _found(name, one, form, settings) for name, one in settings.fields.items()}


def _found(name: str, wanted: Field, form: Form, settings: TextractSettings) -> Entry:
    pair = _pair_of(name, wanted, form)
    if pair is None:
        return Entry(doubt="is required and not on the form" if wanted.required else None)
    return _entry(pair, wanted, settings)


def _pair_of(name: str, wanted: Field, form: Form) -> Pair | None:
    """The surest pair of the first label that the form has; without one, the question's answer."""
    for label in wanted.labels or (name.replace("_", " "),):
        fitting = [
            pair
            for pair in form.pairs
            if _plain(pair.label) == _plain(label)
            and (pair.ticked is not None) == (wanted.type == TICK)
        ]
        if fitting:
            return max(fitting, key=lambda pair: (bool(pair.value), pair.confidence))
    answers = [answer for answer in form.answers if answer.alias == name]
    if wanted.question is None or not answers:
        return None
    best = max(answers, key=lambda answer: answer.confidence)
    return Pair(label=name, value=best.text, confidence=best.confidence, page=best.page)


def _plain(label: str) -> str:
    """Without case, signs and doubled spaces: forms are not set as their makers say."""
    return " ".join(re.findall(r"\w+", label.casefold()))


def _entry(pair: Pair, wanted: Field, settings: TextractSettings) -> Entry:
    entry = Entry(read=pair.value, confidence=pair.confidence, page=pair.page)
    doubt = None
    if pair.confidence < settings.least_confidence:
        doubt = f"confidence is under {settings.least_confidence:g}"
    if pair.ticked is not None:
        return replace(entry, value=pair.ticked, read=None, doubt=doubt)
    if not pair.value:
        # An empty field is what a form says, but not of one that it must say.
        return replace(entry, read=None, doubt="is required and empty" if wanted.required else None)
    try:
        value = value_of(pair.value, wanted.type, date_order=settings.date_order)
    except ValueError as error:
        return replace(entry, doubt=str(error))
    return replace(entry, value=value, doubt=doubt)


def reviewed(record: Record, values: Mapping[str, Value | None], *, reviewer: str | None) -> Record:
    """The record with what a person said of its doubtful fields, and no more doubts."""
    fields = {
        name: replace(entry, value=values[name], source=REVIEWED, doubt=None)
        if name in values
        else entry
        for name, entry in record.fields.items()
    }
    return replace(record, fields=fields, reviewer=reviewer)
