"""What is left out of an answer may be left out of it: of every kind."""

import dataclasses
import typing
from collections.abc import Iterator
from typing import Any

import pytest

from tidegate.ai.kinds import KINDS, kind_named
from tidegate.ai.typed import members, unwrapped


def dataclasses_in(of: Any) -> Iterator[type]:
    """A type, and those that are in its fields."""
    bare, _ = unwrapped(of)
    if isinstance(bare, type) and dataclasses.is_dataclass(bare):
        yield bare
        for member in members(bare):
            yield from dataclasses_in(member.type)
    for part in typing.get_args(bare):
        yield from dataclasses_in(part)


@pytest.mark.parametrize("name", sorted(KINDS))
def test_what_may_be_nothing_is_not_required(name: str) -> None:
    """Answers leave out what is None, so their description may not ask for it."""
    wrong = [
        f"{route.name}: {made.__name__}.{member.name}"
        for route in kind_named(name).routes
        for made in dataclasses_in(route.gives)
        for member in members(made)
        if member.optional and member.required
    ]
    assert wrong == []
