"""Metadata of knowledge bases' documents, its filters, and how documents are cut."""

import json
from typing import Any

import pytest

from emulator.ai.knowledge.ingesting import Chunking
from emulator.ai.knowledge.metadata import metadata_of, require_filter, satisfies
from emulator.jsonapi import RefusedRequestError


def test_metadata_is_plain_or_typed():
    """Both forms of the user guide."""
    typed = {
        "value": {"type": "STRING_LIST", "stringListValue": ["a"]},
        "includeForEmbedding": True,
    }
    content = {"metadataAttributes": {"year": 2024, "groups": typed, "open": True}}
    assert metadata_of(json.dumps(content).encode()) == {
        "year": 2024,
        "groups": ["a"],
        "open": True,
    }


@pytest.mark.parametrize(
    "content",
    [
        b"[]",
        b"{}",
        b"nonsense",
        b'{"metadataAttributes": {"a": {"b": 1}}}',
        b'{"metadataAttributes": {"a": [1]}}',
        b" " * 10_241,
    ],
)
def test_what_is_no_metadata_is_refused(content: bytes):
    """No JSON, no attributes, other values, too long."""
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is one
        metadata_of(content)


def asked(name: str, key: str, value: Any) -> dict[str, Any]:
    """A filter of one test."""
    return {name: {"key": key, "value": value}}


VALUES = {"year": 2024, "groups": ["hr", "it"], "title": "Pay", "open": True}


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (None, True),
        (asked("equals", "year", 2024.0), True),
        (asked("equals", "open", 1), False),
        (asked("notEquals", "missing", "x"), True),
        (asked("notEquals", "year", 2024), False),
        (asked("greaterThan", "year", 2023), True),
        (asked("lessThanOrEquals", "title", 3), False),
        (asked("in", "title", ["Pay", "Leave"]), True),
        (asked("notIn", "title", ["Pay"]), False),
        (asked("startsWith", "title", "Pa"), True),
        (asked("stringContains", "groups", "r"), True),
        (asked("listContains", "groups", "it"), True),
        (asked("listContains", "missing", "it"), False),
        ({"andAll": [asked("equals", "year", 2024), asked("equals", "title", "x")]}, False),
        ({"orAll": [asked("equals", "year", 2024), asked("equals", "title", "x")]}, True),
    ],
)
def test_a_filter_asks_about_metadata(given: dict[str, Any] | None, *, expected: bool):
    """A document without the attribute passes only what denies."""
    assert satisfies(VALUES, given) is expected


def test_all_faults_of_a_filter_are_named():
    """Values of another type, and filters of no operation or of two."""
    given = {
        "andAll": [
            asked("startsWith", "title", 3),
            {},
            {**asked("in", "year", 3), **asked("equals", "year", 3)},
        ]
    }
    with pytest.raises(RefusedRequestError) as caught:
        require_filter(given)
    assert caught.value.message.count(";") == 3


@pytest.mark.parametrize(
    ("configuration", "passages"),
    [
        ({}, 1),
        ({"chunkingStrategy": "NONE"}, 1),
        (
            {
                "chunkingStrategy": "FIXED_SIZE",
                "fixedSizeChunkingConfiguration": {"maxTokens": 2, "overlapPercentage": 1},
            },
            3,
        ),
    ],
)
def test_a_document_is_cut_as_its_source_says(configuration: dict[str, Any], passages: int):
    """By the default of 300 words, not at all, or in fixed sizes."""
    source = {"vectorIngestionConfiguration": {"chunkingConfiguration": configuration}}
    chunking = Chunking.of(source)
    assert chunking is not None
    assert len(chunking.cut("One two. Three four. Five six.")) == passages


def test_other_ways_of_cutting_are_not_emulated():
    """By meaning, or in levels."""
    configuration = {"chunkingConfiguration": {"chunkingStrategy": "SEMANTIC"}}
    assert Chunking.of({"vectorIngestionConfiguration": configuration}) is None
