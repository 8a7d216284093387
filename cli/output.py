"""How results are printed: text for people, JSON for programs.

Results go to standard output, remarks to standard error. While results are JSON, text for people
goes to standard error too, so that standard output can be read by a program as it is.
"""

import json
import os
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from rich.console import Console

UNBOUND_WIDTH = 120
"""Columns where no terminal says how many there are: a file, a pipe, the log of a CI."""


def _width(stream: IO[str]) -> int | None:
    return None if stream.isatty() or "COLUMNS" in os.environ else UNBOUND_WIDTH


CONSOLE = Console(highlight=False, width=_width(sys.stdout))
ERRORS = Console(stderr=True, highlight=False, width=_width(sys.stderr))


@contextmanager
def results_in_json() -> Iterator[None]:
    """Text for people goes to standard error while the block runs."""
    CONSOLE.stderr = True
    try:
        yield
    finally:
        CONSOLE.stderr = False


def print_json(value: Any) -> None:
    """Print one JSON document on standard output."""
    print(json.dumps(value, indent=2, sort_keys=True))


def write_json(path: Path, value: Any) -> None:
    """One JSON document is in a file; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(value, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def write_json_lines(path: Path, values: Iterable[Any]) -> None:
    """One JSON document a line is in a file; parent folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = (json.dumps(value, sort_keys=True, separators=(",", ":")) for value in values)
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")


def print_json_line(value: Any) -> None:
    """Print one JSON document on a line of its own, at once."""
    print(json.dumps(value, sort_keys=True, separators=(",", ":")), flush=True)


def say(text: str) -> None:
    """Print a line for people; it is not wrapped, and markup in it is not interpreted."""
    CONSOLE.print(text, markup=False, soft_wrap=True)


def note(text: str) -> None:
    """Print a remark on standard error, so that it never mixes with results."""
    ERRORS.print(text, style="dim", markup=False, soft_wrap=True)


def warn(text: str) -> None:
    """Print what somebody should know before it is too late, on standard error."""
    ERRORS.print(text, style="yellow", markup=False, soft_wrap=True)
