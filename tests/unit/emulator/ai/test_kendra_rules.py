"""Kendra's readers and attributes."""

from typing import Any

import pytest

from emulator.ai.kendra import attributes
from emulator.ai.kendra.access import Reader, may_find, reader_of
from emulator.ai.kendra.queries import confidence
from emulator.jsonapi import RefusedRequestError

TYPES = {**attributes.RESERVED, "level": attributes.LONG, "tags": attributes.STRINGS}
HR = {"Name": "hr", "Type": "GROUP", "Access": "ALLOW"}
NOT_BOB = {"Name": "bob", "Type": "USER", "Access": "DENY"}
BOB_OF_HR = Reader(user="bob", groups=frozenset({"hr"}))
ANN_OF_HR = Reader(user="ann", groups=frozenset({"hr"}))


@pytest.mark.parametrize(
    ("reader", "entries", "expected"),
    [
        (None, [HR], True),
        (Reader(), [], True),
        (Reader(), [HR], False),
        (ANN_OF_HR, [HR, NOT_BOB], True),
        (BOB_OF_HR, [HR, NOT_BOB], False),
        (Reader(user="hr"), [HR], False),
    ],
)
def test_who_is_allowed_and_not_denied_finds(
    reader: Reader | None, entries: list[dict[str, str]], *, expected: bool
):
    """A document without a list is everybody's; None is who sees all."""
    assert may_find(reader, entries) is expected


def test_the_policy_decides_about_who_names_no_reader():
    """All documents, or those that are everybody's; tokens are not emulated."""
    assert reader_of(None, "ATTRIBUTE_FILTER") is None
    assert reader_of(None, "USER_TOKEN") == Reader()
    with pytest.raises(RefusedRequestError) as caught:
        reader_of({"Token": "x"}, "USER_TOKEN")
    assert caught.value.code == "NotEmulatedException"


def asked(name: str, key: str, **value: Any) -> dict[str, Any]:
    """A filter of one test."""
    return {name: {"Key": key, "Value": value}}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (asked("EqualsTo", "level", LongValue=3), True),
        (asked("GreaterThan", "level", LongValue=3), False),
        (asked("LessThanOrEquals", "level", LongValue=3), True),
        (asked("ContainsAny", "tags", StringListValue=["a", "z"]), True),
        (asked("ContainsAll", "tags", StringListValue=["a", "z"]), False),
        (asked("EqualsTo", "_category", StringValue="x"), False),
        ({"NotFilter": asked("EqualsTo", "_category", StringValue="x")}, True),
        (
            {
                "AndAllFilters": [
                    asked("EqualsTo", "level", LongValue=3),
                    asked("EqualsTo", "level", LongValue=4),
                ]
            },
            False,
        ),
        (
            {
                "OrAllFilters": [
                    asked("EqualsTo", "level", LongValue=3),
                    asked("EqualsTo", "level", LongValue=4),
                ]
            },
            True,
        ),
    ],
)
def test_a_filter_asks_about_attributes(given: dict[str, Any], *, expected: bool):
    """A document without the attribute passes no test of it."""
    attributes.require_filter(given, TYPES)
    assert attributes.satisfies({"level": 3, "tags": ["a", "b"]}, given) is expected


@pytest.mark.parametrize(
    ("given", "code"),
    [
        (asked("EqualsTo", "unknown", LongValue=3), "ValidationException"),
        (asked("EqualsTo", "level", StringValue="3"), "ValidationException"),
        (asked("GreaterThan", "_category", StringValue="a"), "ValidationException"),
        ({}, "ValidationException"),
        (asked("EqualsTo", "_user_id", StringValue="ann"), "NotEmulatedException"),
    ],
)
def test_a_filter_that_cannot_be_answered_is_refused(given: dict[str, Any], code: str):
    """With all that is wrong."""
    with pytest.raises(RefusedRequestError) as caught:
        attributes.require_filter(given, TYPES)
    assert caught.value.code == code


def test_all_wrong_attributes_of_a_document_are_named():
    """Those that the index has not, and those of another type."""
    given = [
        {"Key": "unknown", "Value": {"StringValue": "x"}},
        {"Key": "level", "Value": {"LongValue": "3"}},
    ]
    with pytest.raises(ValueError, match=r"no attribute unknown.*level is a LongValue"):
        attributes.values_of(given, TYPES)


def test_confidence_is_the_share_of_the_question():
    """By thirds."""
    assert [confidence(share) for share in (1.0, 0.7, 0.5, 0.1)] == [
        "VERY_HIGH",
        "HIGH",
        "MEDIUM",
        "LOW",
    ]
