"""`@value` makes what a frozen dataclass with slots is, without its methods being compiled."""

import copy
import pickle
from collections.abc import Callable, Mapping
from dataclasses import FrozenInstanceError, asdict, dataclass, field, fields, replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tidegate.errors import InvalidValueError
from tidegate.judge.strata import Comparison, Table
from tidegate.values import value


@value
class Point:
    """A value of ours."""

    x: int
    y: float = 0.0
    seen: Mapping[int, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Twin:
    """The same as the standard library makes it."""

    x: int
    y: float = 0.0
    seen: Mapping[int, int] = field(default_factory=dict)


GIVEN = st.fixed_dictionaries(
    {"x": st.integers()},
    optional={"y": st.floats(allow_nan=False), "seen": st.dictionaries(st.integers(), st.just(1))},
)


@given(given_=GIVEN, other=GIVEN)
def test_it_is_what_a_frozen_dataclass_is(given_: dict[str, Any], other: dict[str, Any]):
    """In its fields, its defaults, its equality, its text, and when some of it is replaced."""
    ours, twin = Point(**given_), Twin(**given_)
    assert asdict(ours) == asdict(twin)
    assert [f.name for f in fields(ours)] == [f.name for f in fields(twin)]
    assert (ours == Point(**other)) == (twin == Twin(**other))
    assert repr(ours) == repr(twin).replace("Twin", "Point")
    assert asdict(replace(ours, **other)) == asdict(replace(twin, **other))


def test_another_class_with_the_same_fields_is_not_equal():
    """Neither way round."""
    assert Point(x=1) != Twin(x=1)
    assert Twin(x=1) != Point(x=1)


def test_equal_values_are_the_same_key():
    """So that what was worked out for one can be found for the other."""
    one = Table(candidate_trials=1, candidate_events=0, live_trials=2, live_events=1)
    assert len({one, replace(one)}) == 1


def test_defaults_that_are_made_are_made_for_each():
    """No two values share a dictionary that neither was given."""
    assert Point(x=1).seen is not Point(x=1).seen


def test_fields_can_be_neither_set_nor_deleted():
    """Nor is there room for a name that is no field."""
    point: Any = Point(x=1)
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'x'"):
        point.x = 2
    with pytest.raises(FrozenInstanceError, match="cannot assign to field 'z'"):
        point.z = 2
    with pytest.raises(FrozenInstanceError, match="cannot delete field 'x'"):
        del point.x
    assert not hasattr(point, "__dict__")


@pytest.mark.parametrize(
    ("given_", "told"),
    [
        ({}, r"Point needs \['x'\]"),
        ({"x": 1, "z": 2}, r"no \['z'\]"),
        ({"y": 1.0, "z": 2}, r"needs \['x'\] and has no \['z'\]"),
    ],
)
def test_fields_that_are_missing_or_unknown_are_named(given_: dict[str, Any], told: str):
    """Also where as many are unknown as are missing."""
    with pytest.raises(TypeError, match=told):
        Point(**given_)


def test_fields_are_given_by_name_only():
    """As everywhere here."""
    make: Any = Point
    with pytest.raises(TypeError):
        make(1)


def test_a_class_may_check_what_it_was_given():
    """When it is made, and when some of it is replaced."""
    with pytest.raises(InvalidValueError):
        Comparison(live="blue", candidate="blue")
    with pytest.raises(InvalidValueError):
        replace(Comparison(live="blue", candidate="green"), candidate="blue")


def pickled(table: Table) -> Table:
    """What another process gets."""
    found: Table = pickle.loads(pickle.dumps(table))  # noqa: S301
    return found


@pytest.mark.parametrize("again", [copy.copy, copy.deepcopy, pickled])
def test_a_copy_is_equal(again: Callable[[Table], Table]):
    """However it is copied, to another process too."""
    table = Table(candidate_trials=1, candidate_events=0, live_trials=2, live_events=1)
    assert again(table) == table
