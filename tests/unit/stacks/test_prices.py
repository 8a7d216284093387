"""The table of prices: kept by hand, so that each price says when and where it was read."""

import json
from datetime import date

import pytest

from stacks.project.tables import (
    PRICES_FILE,
    function_price,
    hosting_price,
    instance_types,
    partitions,
)


@pytest.mark.parametrize("use", ["hosting", "jobs"])
def test_every_price_is_of_something_that_exists_and_has_its_source(use: str):
    """Regions and types are SageMaker's, prices above zero, dates dates."""
    prices = json.loads(PRICES_FILE.read_text(encoding="utf-8"))[use]

    assert prices.keys() <= partitions().keys()
    for types in prices.values():
        assert types.keys() <= instance_types()
        for price in types.values():
            assert price.keys() == {"usd_per_hour", "date", "source"}
            assert price["usd_per_hour"] > 0
            assert date.fromisoformat(price["date"]).year >= 2020
            assert len(price["source"]) > 20


def test_prices_of_functions_are_of_both_units():
    """Above zero, dated, with a source."""
    prices = json.loads(PRICES_FILE.read_text(encoding="utf-8"))["functions"]

    assert prices.keys() <= partitions().keys()
    for items in prices.values():
        assert items.keys() == {"gb_second", "request"}
        for price in items.values():
            assert price.keys() == {"usd", "date", "source"}
            assert 0 < price["usd"] < 0.001
            assert date.fromisoformat(price["date"]).year >= 2020
            assert len(price["source"]) > 20
    assert function_price("sa-east-1", "request") is None


def test_what_is_not_in_the_table_is_not_known():
    """Nothing is guessed from another region or type."""
    known = hosting_price("us-east-1", "ml.m5.large")

    assert known is not None
    assert known["usd_per_hour"] == 0.115
    assert hosting_price("sa-east-1", "ml.m5.large") is None
    assert hosting_price("us-east-1", "ml.p4d.24xlarge") is None
