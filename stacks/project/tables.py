"""Regions, instance types and container images that exist: data, read from files, never looked up.

The files are generated (`python -m stacks.tables`, `python -m stacks.images`) and say from what.
"""

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parents[1]
TABLES_FILE = _HERE / "tables.json"
IMAGES_FILE = _HERE / "images.json"


def partitions() -> Mapping[str, str]:
    """Region to partition, for every region that has SageMaker."""
    regions: dict[str, str] = _read(TABLES_FILE)["regions"]
    return regions


def instance_types() -> frozenset[str]:
    """Instance types that a production variant may have."""
    return frozenset(_read(TABLES_FILE)["instance_types"])


def images() -> Mapping[str, Mapping[str, Mapping[str, str]]]:
    """Framework, then version, then region, to the URI of the container that serves it."""
    table: dict[str, dict[str, dict[str, str]]] = _read(IMAGES_FILE)["images"]
    return table


@cache
def _read(path: Path) -> dict[str, Any]:
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
