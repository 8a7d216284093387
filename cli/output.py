"""How results are printed: text for people, one JSON document for programs."""

import json
from typing import Any

from rich.console import Console

CONSOLE = Console(highlight=False)
ERRORS = Console(stderr=True, highlight=False)


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(value, indent=2, sort_keys=True, default=str))


def say(text: str) -> None:
    """Print a line for people; markup in it is not interpreted."""
    CONSOLE.print(text, markup=False)


def note(text: str) -> None:
    """Print a line for people on standard error, so that it never mixes with results."""
    ERRORS.print(text, style="dim", markup=False)
