"""JSON into typed values: all faults at once, each with its place, value and what is allowed."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.ai.limits import Between, Bytes, Length, Matches, OneOf
from tidegate.ai.schemas import schema
from tidegate.ai.typed import read, to_json
from tidegate.errors import InvalidValueError


class Size(StrEnum):
    """How large."""

    SMALL = "small"
    LARGE = "large"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """A part."""

    name: Annotated[str, "Its name.", Length(least=1), Bytes(most=4)]
    weight: Annotated[float, Between(least=0, most=10)] = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Whole:
    """A whole of parts."""

    parts: Annotated[tuple[Part, ...], "The parts.", Length(least=1, most=2)]
    size: Size = Size.SMALL
    code: Annotated[str | None, Matches(pattern=r"[a-z]{2}", words="two small letters")] = None
    tags: tuple[Annotated[str, OneOf(("red", "blue"))], ...] = ()
    count: int = 0
    flag: bool = False
    more: Any = None


def faults(given: Any) -> tuple[str, ...]:
    """What is wrong with it."""
    with pytest.raises(InvalidValueError) as caught:
        read(Whole, given, what="the request")
    return caught.value.faults


def test_what_is_right_is_read() -> None:
    """With defaults for what is left out, and numbers as their types."""
    found = read(Whole, {"parts": [{"name": "é", "weight": 2}], "size": "large"}, what="it")
    assert found == Whole(parts=(Part(name="é", weight=2.0),), size=Size.LARGE)
    assert to_json(found) == {
        "parts": [{"name": "é", "weight": 2.0}],
        "size": "large",
        "tags": [],
        "count": 0,
        "flag": False,
    }


def test_all_faults_come_at_once() -> None:
    """Each names its place, the value and what is allowed."""
    given = {
        "parts": [{"name": "", "weight": 11}, {"nam": "x"}],
        "size": "huge",
        "code": "ABC",
        "tags": ["green"],
        "count": True,
        "flag": 1,
        "colour": 3,
    }
    assert faults(given) == (
        "unknown field 'colour': allowed: parts, size, code, tags, count, flag, more",
        "parts[0].name has 0 characters, must have at least 1",
        "parts[0].weight is 11.0, must be 0 to 10",
        "unknown field 'parts[1].nam': did you mean name?",
        "parts[1].name is missing: Its name",
        "size is 'huge', must be one of small, large",
        "code is 'ABC', must be two small letters",
        "tags[0] is 'green', must be one of red, blue",
        "count is True, must be a whole number",
        "flag is 1, must be a bool",
    )


@pytest.mark.parametrize("given", [None, 3, "text", [], True])
def test_what_is_no_object_is_refused(given: Any) -> None:
    """And the fields are named."""
    assert faults(given)[0].startswith("the request is")


def test_bytes_count_and_not_characters() -> None:
    """Five characters of two bytes are ten."""
    assert faults({"parts": [{"name": "ééé"}]}) == (
        "parts[0].name has 6 bytes, must have at most 4",
    )


def test_half_a_surrogate_pair_is_no_text() -> None:
    """JSON can write it, and no service of AWS takes it."""
    assert faults({"parts": [{"name": "\ud800"}]}) == (
        "parts[0].name is no Unicode text: half of a surrogate pair is in it",
    )


def test_what_is_not_a_number_is_out_of_range() -> None:
    """JSON of Python's kind has NaN."""
    assert faults({"parts": [{"name": "a", "weight": float("nan")}]})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["parts", "name", "size", "tags", "x"]), inner, max_size=3
        )
    ),
    max_leaves=8,
)


@given(given=JSON)
def test_reading_either_gives_a_value_or_says_why_not(given: Any) -> None:
    """No input makes it fail otherwise."""
    try:
        found = read(Whole, given, what="the request")
    except InvalidValueError as error:
        found = None if error.faults else error
    assert found is None or read(Whole, to_json(found), what="it") == found


WHOLES = st.fixed_dictionaries(
    {
        "parts": st.lists(
            st.fixed_dictionaries({"name": st.text(max_size=5)}), min_size=0, max_size=3
        )
    },
    optional={
        "code": st.none() | st.text(alphabet="abA", max_size=3),
        "size": st.sampled_from(["small", "huge"]),
        "tags": st.lists(st.sampled_from(["red", "green"]), max_size=2),
    },
)


@given(given=WHOLES)
def test_whatever_is_taken_satisfies_the_schema(given: Any) -> None:
    """The schema may allow more (it counts characters, not bytes), never less."""
    try:
        read(Whole, given, what="the request")
    except InvalidValueError:
        return
    jsonschema.validate(given, schema(Whole))


def test_the_schema_says_what_is_allowed() -> None:
    """For editors and callers."""
    said = schema(Whole)
    assert said["required"] == ["parts"]
    assert said["additionalProperties"] is False
    properties = said["properties"]
    assert properties["size"] == {"type": "string", "enum": ["small", "large"], "default": "small"}
    assert properties["code"] == {"type": ["string", "null"], "pattern": "^(?:[a-z]{2})$"}
    assert (properties["parts"]["minItems"], properties["parts"]["maxItems"]) == (1, 2)
    assert properties["parts"]["items"]["properties"]["name"] == {
        "type": "string",
        "maxLength": 4,
        "minLength": 1,
        "description": "Its name.",
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """Texts that may be null."""

    words: Mapping[str, Annotated[str | None, Length(most=3)]]


def test_a_value_of_a_mapping_may_be_null() -> None:
    """In the schema as in what is read."""
    given = {"words": {"a": None, "b": "x"}}
    assert read(Said, given, what="it") == Said(words={"a": None, "b": "x"})
    jsonschema.validate(given, schema(Said))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"words": {"a": 1}}, schema(Said))
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate({"words": {"a": "long"}}, schema(Said))


@pytest.mark.parametrize(
    ("words", "fault"),
    [
        ({"a": 5}, "words.a is 5, must be text"),
        ({"a": "\ud800"}, "words.a is no Unicode text: half of a surrogate pair is in it"),
        ({"\ud800": "x"}, "words has a name that is no Unicode text: '\\ud800'"),
    ],
)
def test_a_mapping_of_texts_has_nothing_else(words: Mapping[str, Any], fault: str) -> None:
    """Where they may be null as well; of names as of values."""
    with pytest.raises(InvalidValueError) as caught:
        read(Said, {"words": words}, what="it")
    assert caught.value.faults == (fault,)
