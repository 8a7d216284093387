"""The tables in the how-to pages are what the plans come to."""

from pathlib import Path

import pytest

from cli.outlook.page import PAGES, current_text, files_named

WITH_TABLES = sorted(
    page for page in PAGES.glob("*.md") if files_named(page.read_text(encoding="utf-8"))
)


def test_strategies_have_their_pages():
    """A page a strategy that can be run by weights, and one that compares them."""
    names = {page.stem for page in WITH_TABLES}

    assert {"choose-a-strategy", "release-linearly", "release-by-batches"} <= names


@pytest.mark.parametrize("page", WITH_TABLES, ids=lambda page: page.stem)
def test_tables_in_the_docs_are_current(page: Path):
    """Run `python -m cli.outlook.page` after a change of plans, strategies or prices."""
    text = page.read_text(encoding="utf-8")

    assert text == current_text(text)


def test_a_table_that_is_out_of_date_is_found():
    """Whatever stands between the marks is written anew."""
    stale = "<!-- plan: examples/strategies/linear.yaml -->\nold\n<!-- end -->"

    written = current_text(stale)

    assert "old" not in written
    assert "20, 40, 60, 80" in written
    assert current_text(written) == written
