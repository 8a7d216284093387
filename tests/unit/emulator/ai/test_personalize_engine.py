"""Personalize's filters and similarity."""

from typing import Any

import pytest

from emulator.ai.personalize.data import properties_of, rows_of
from emulator.ai.personalize.filters import FilterError, ItemFilter
from emulator.ai.personalize.similarity import Similarity, UntrainableError, best_first

ITEM = {"ITEM_ID": "a", "CATEGORY": "shoes|sale", "PRICE": 20.0}
DID = [{"EVENT_TYPE": "view", "EVENT_VALUE": 1.0}, {"EVENT_TYPE": "purchase", "EVENT_VALUE": 9.0}]
USER = {"USER_ID": "u", "AGE": 30.0}


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('INCLUDE ItemID WHERE Items.CATEGORY IN ("sale")', True),
        ('EXCLUDE ItemID WHERE Items.CATEGORY IN ("sale", "hats")', False),
        ('include itemid where Items.CATEGORY not in ("hats")', True),
        ("INCLUDE ItemID WHERE Items.PRICE <= 20 AND Items.PRICE > 10", True),
        ('INCLUDE ItemID WHERE Items.PRICE > 20 OR Items.CATEGORY IN ("shoes")', True),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")', False),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("cart")', True),
        (
            """EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("view")
            AND Interactions.EVENT_VALUE > 5""",
            True,
        ),
        ('EXCLUDE ItemID WHERE Items.CATEGORY IN ("sale") IF CurrentUser.AGE < 18', True),
        ('EXCLUDE ItemID WHERE Items.CATEGORY IN ("sale") IF CurrentUser.AGE >= 18', False),
        ('INCLUDE ItemID WHERE Items.COLOUR IN ("red")', False),
        ('INCLUDE ItemID WHERE Items.COLOUR != "red"', True),
        (
            """INCLUDE ItemID WHERE Items.CATEGORY IN ("sale")
            | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("purchase")""",
            False,
        ),
    ],
)
def test_an_expression_allows_an_item_or_not(expression: str, *, expected: bool):
    """What a user did counts one by one; an attribute that is missing satisfies what denies."""
    found = ItemFilter.of(expression)
    assert found.allows(ITEM, DID, USER, found.values({})) is expected


@pytest.mark.parametrize(
    "expression",
    ["", "DROP ItemID", "INCLUDE ItemID WHERE x", 'INCLUDE ItemID WHERE Items.A IN ("a" "b")'],
)
def test_what_is_no_expression_is_refused(expression: str):
    """When it is made."""
    with pytest.raises(FilterError):
        ItemFilter.of(expression)


def test_placeholders_take_lists_of_values():
    """All must be given."""
    found = ItemFilter.of("INCLUDE ItemID WHERE Items.CATEGORY IN ($KIND) AND Items.PRICE < $MOST")
    given = found.values({"KIND": '"hats", "sale"', "MOST": "21"})
    assert found.allows(ITEM, DID, USER, given)
    with pytest.raises(FilterError, match="MOST"):
        found.values({"KIND": '"hats"'})


def bought(*baskets: tuple[str, ...]) -> list[tuple[str, str]]:
    """Users of one basket each."""
    return [(f"u{n}", item) for n, basket in enumerate(baskets) for item in basket]


def test_items_of_the_same_users_belong_together():
    """By their cosine; equals are ordered by name."""
    trained = Similarity.trained(bought(*[("a", "b", "c")] * 400, *[("d", "e")] * 100))
    scores = trained.for_items(["a"], "abcde")
    assert best_first(scores) == [("b", 0.5), ("c", 0.5)]
    assert trained.for_items(["x"], "abcde") == {}
    assert trained.popular(["a", "d", "x"]) == {"a": 0.8, "d": 0.2}


def test_too_little_teaches_nothing():
    """Few interactions, or few users with two."""
    for baskets in ([("a", "b")] * 30, [("a",)] * 2000):
        with pytest.raises(UntrainableError, match="at least 1000 interactions and 25 users"):
            Similarity.trained(bought(*baskets))


FIELDS = {"USER_ID": False, "ITEM_ID": False, "TIMESTAMP": True, "EVENT_VALUE": True}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("USER_ID,ITEM_ID\nu,a\n", "no column TIMESTAMP, EVENT_VALUE"),
        ("USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE\nu,,1,1\n", "line 2 has no ITEM_ID"),
        ("USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE\nu,a,now,1\n", "TIMESTAMP must be a number"),
    ],
)
def test_a_file_that_the_schema_does_not_allow_is_told_by_line(text: str, fault: str):
    """Missing columns, missing values, texts for numbers."""
    with pytest.raises(ValueError, match=fault):
        list(rows_of(text.encode(), "INTERACTIONS", FIELDS))


def test_empty_values_are_left_out():
    """Those that are not required."""
    text = "USER_ID,ITEM_ID,TIMESTAMP,EVENT_VALUE\nu,a,7,\n"
    (row,) = rows_of(text.encode(), "INTERACTIONS", FIELDS)
    assert row == {"USER_ID": "u", "ITEM_ID": "a", "TIMESTAMP": 7.0}


def test_properties_get_the_names_of_the_schema():
    """From camel case."""
    expected: dict[str, Any] = {"ITEM_COLOR": "red", "PRICE": 3}
    assert properties_of('{"itemColor": "red", "price": 3}') == expected
    assert properties_of(None) == {}
