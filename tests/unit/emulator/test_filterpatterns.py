import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.filterpatterns import compile_pattern

RECORD = json.dumps({"kind": "request", "ms": 12.5, "ok": True, "in": {"a": [1, "x"]}, "n": None})


@pytest.mark.parametrize(
    "pattern",
    [
        "",
        '{ $.kind = "request" }',
        '{ $.kind = "req*" }',
        "{ $.kind = request }",
        "{ $.ms > 12 }",
        "{ $.ms <= 12.5 }",
        "{ $.ok IS TRUE }",
        "{ $.n IS NULL }",
        "{ $.missing NOT EXISTS }",
        '{ $.kind != "reply" }',
        '{ $.in.a[1] = "x" }',
        "{ $.in.a[0] = 1 }",
        '{ ($.kind = "a" || $.kind = "request") && $.ms = 12.5 }',
        '{ $.kind = "request" || $.kind = "b" && $.ms = 0 }',
        "request",
        '"kind" "request"',
        "request -reply",
        "?reply ?request",
    ],
)
def test_matches(pattern: str):
    """The pattern matches the record."""
    assert compile_pattern(pattern)(RECORD)


@pytest.mark.parametrize(
    "pattern",
    [
        '{ $.kind = "reply" }',
        '{ $.kind = "quest" }',
        "{ $.ms > 12.5 }",
        "{ $.ok IS FALSE }",
        "{ $.kind NOT EXISTS }",
        '{ $.missing != "x" }',
        '{ $.kind = "request" && $.ms = 0 }',
        "reply",
        "Request",
        "request -kind",
        "?reply ?answer",
    ],
)
def test_does_not_match(pattern: str):
    """The pattern does not match the record."""
    assert not compile_pattern(pattern)(RECORD)


@given(st.text())
def test_json_patterns_never_match_other_text(text: str):
    """A JSON pattern matches no line that has no JSON object."""
    assert not compile_pattern('{ $.kind = "x" }')(text.replace("{", ""))


@pytest.mark.parametrize(
    "pattern", ["{ $.a ~ 1 }", "{ $.a = }", "{ a = 1 }", "{ $.a = 1", "[a, b]"]
)
def test_refuses_what_it_does_not_understand(pattern: str):
    """A pattern that is not understood is refused, not guessed."""
    with pytest.raises(ValueError, match="filter pattern"):
        compile_pattern(pattern)
