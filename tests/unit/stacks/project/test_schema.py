"""The JSON Schema for editors."""

import json

from stacks.project.reference import REFERENCE_FILE, reference_text
from stacks.project.schema import SCHEMA_FILE, schema_text


def test_schema_in_the_docs_is_current():
    """Run `python -m stacks.project.schema` after a change of the file's shape."""
    assert SCHEMA_FILE.read_text() == schema_text()


def test_every_key_is_described():
    """An editor shows a sentence for each key of the project file."""
    schema = json.loads(schema_text())
    parts = [schema, *schema["$defs"].values()]

    undescribed = [
        name
        for part in parts
        for name, key in part.get("properties", {}).items()
        if "description" not in key and "$ref" not in key
    ]

    assert undescribed == []


def test_reference_in_the_docs_is_current():
    """Run `python -m stacks.project.reference` after a change of the file's shape."""
    assert REFERENCE_FILE.read_text() == reference_text()


def test_every_row_of_the_reference_is_whole():
    """A description of several lines does not break its row of the table."""
    rows = [line for line in reference_text().splitlines() if line.startswith("| `")]
    assert rows
    assert all(row.endswith(" |") for row in rows)
