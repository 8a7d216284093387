"""Writes the JSON Schema of the project file, for completion in editors.

Run `python -m stacks.project.schema` after a change of `shape.py`; a test checks that it was.
"""

import json
from pathlib import Path

from stacks.project.shape import ProjectFile

SCHEMA_FILE = Path(__file__).parents[2] / "docs" / "reference" / "tidegate.schema.json"


def schema_text() -> str:
    """The JSON Schema of the project file, as it stands in the docs."""
    schema = ProjectFile.model_json_schema()
    schema["$schema"] = "https://json-schema.org/draft/2020-12/schema"
    schema["title"] = "Tidegate project file"
    return json.dumps(schema, indent=2) + "\n"


if __name__ == "__main__":
    SCHEMA_FILE.write_text(schema_text(), encoding="utf-8")
