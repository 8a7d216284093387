"""Settings of a service that digitises forms: what their records hold, and what a person must see.

Limits: Textract developer guide, "Set Quotas in Amazon Textract".
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated

from tidegate.ai.limits import Between, Length, Matches, OneOf

TEXT, NUMBER, DATE, TICK = "text", "number", "date", "tick"
TYPES = (TEXT, NUMBER, DATE, TICK)
QUESTION = r"[a-zA-Z0-9\s!\"#$%&'()*+,\-./:;=?@\[\]^_`{|}~<>\\]+"
"""What Textract takes as a query (botocore's model, QueryInput)."""
MOST_QUESTIONS = 15
"""The most queries of a page in a call; a job takes 30."""
_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_FIELDS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """One field of the record."""

    labels: Annotated[
        tuple[Annotated[str, Length(least=1, most=200)], ...],
        "What stands before the field on forms, without its colon; the first that is found counts. "
        "Left out: the field's name, with spaces.",
        Length(most=20),
    ] = ()
    question: Annotated[
        str | None,
        "A question that Textract answers, where no label says it ('What is the policy number?').",
        Length(least=1, most=200),
        Matches(pattern=QUESTION, words="letters, digits and signs of ASCII"),
    ] = None
    type: Annotated[
        str,
        "text as it stands; number; date, given as YYYY-MM-DD; tick, true where a box is ticked.",
        OneOf(TYPES),
    ] = TEXT
    required: Annotated[bool, "Whether a person is asked where the form says nothing."] = False


@dataclass(frozen=True, slots=True, kw_only=True)
class TextractSettings:
    """Forms become records; a person looks at what Textract is not sure of."""

    fields: Annotated[
        Mapping[str, Field],
        "The record's fields by name, in small letters, digits and underscores, each with labels, "
        "question, type and required. Left out: every label that is found is a field, and all must "
        "be sure.",
    ] = field(default_factory=dict)
    tables: Annotated[bool, "Whether tables are read as well ($15 per 1,000 pages)."] = True
    least_confidence: Annotated[
        float,
        "Confidence under which a person looks at a field, in percent.",
        Between(least=0, most=100),
    ] = 90.0
    review_days: Annotated[
        int, "How long a form waits for that person; then it is refused.", Between(least=1, most=13)
    ] = 7
    date_order: Annotated[
        str,
        "How dates such as 03/02/1990 are read: the day first, or the month.",
        OneOf(("day", "month")),
    ] = "day"
    most_pages: Annotated[
        int,
        "Pages of a form; longer ones are refused once they are read.",
        Between(least=1, most=500),
    ] = 50


def faults(settings: TextractSettings) -> tuple[str, ...]:
    """Names are such as programs use; a page takes so many questions; ticks have labels."""
    found = [
        f"fields.{name} must be small letters, digits and underscores, 40 at most"
        for name in settings.fields
        if not _NAME.fullmatch(name)
    ]
    if len(settings.fields) > _MOST_FIELDS:
        found.append(f"fields are {len(settings.fields)}, at most {_MOST_FIELDS}")
    asked = sum(one.question is not None for one in settings.fields.values())
    if asked > MOST_QUESTIONS:
        found.append(f"fields have {asked} questions, at most {MOST_QUESTIONS}")
    found += [
        f"fields.{name} is a tick with a question: give the label beside its box"
        for name, one in settings.fields.items()
        if one.type == TICK and one.question is not None
    ]
    return tuple(found)


def features(settings: TextractSettings) -> tuple[str, ...]:
    """What Textract is asked to find."""
    asked = any(one.question is not None for one in settings.fields.values())
    return ("FORMS", *(["TABLES"] if settings.tables else []), *(["QUERIES"] if asked else []))


def units_of_page(settings: TextractSettings) -> int:
    """What a page bills, in units of half a cent: forms 10, tables 3, questions 1 beside them.

    AWS's price list: $50, $15 and $5 per 1,000 pages.
    """
    asked = features(settings)
    return 10 + 3 * ("TABLES" in asked) + ("QUERIES" in asked)


def questions(settings: TextractSettings) -> list[Mapping[str, object]]:
    """Textract's queries: each field's question, under the field's name, on every page."""
    return [
        {"Text": one.question, "Alias": name, "Pages": ["*"]}
        for name, one in settings.fields.items()
        if one.question is not None
    ]
