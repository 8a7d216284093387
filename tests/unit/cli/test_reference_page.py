"""The reference page of the command line names the real commands, options and exit codes."""

import re
from pathlib import Path
from typing import Any

import pytest
import typer

from cli.exits import Exit
from cli.main import app

PAGE = Path(__file__).parents[3] / "docs" / "reference" / "command-line.md"
DOCS = sorted((PAGE.parents[1] / "how-to").glob("*.md")) + sorted(
    (PAGE.parents[1] / "tutorial").glob("*.md")
)


def commands(group: Any = None, prefix: str = "tidegate") -> dict[str, Any]:
    """Every command of the app by its full name."""
    group = typer.main.get_command(app) if group is None else group
    named: dict[str, Any] = {}
    for name, command in group.commands.items():
        full = f"{prefix} {name}"
        named |= commands(command, full) if hasattr(command, "commands") else {full: command}
    return named


def found(pattern: str, text: str) -> list[Any]:
    """Every match of a pattern whose ^ and $ are those of lines."""
    return re.findall(pattern, text, flags=re.MULTILINE)


def sections() -> dict[str, str]:
    """The page's text by command."""
    parts = re.split(
        r"^### `(tidegate [^`]*)`$", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    return dict(zip(parts[1::2], parts[2::2], strict=True))


def options(command: Any) -> set[str]:
    """The long names of a command's own options."""
    return {
        name
        for parameter in command.params
        for name in (*parameter.opts, *parameter.secondary_opts)
        if name.startswith("--") and name != "--help"
    }


SHARED = {"--stage", "--project-file", "--on", "--json"}


def test_the_page_lists_exactly_the_commands_there_are():
    """No command is missing, none is made up."""
    assert set(sections()) == set(commands())


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_option_of_a_command_is_described(name: str):
    """A section names the options of its command, and no others."""
    named = set(re.findall(r"`(--[a-z0-9-]+)", sections()[name]))
    own = options(commands()[name])
    assert own - SHARED <= named
    assert named <= own | {"--help"}


@pytest.mark.parametrize("name", sorted(commands()))
def test_every_command_speaks_json(name: str):
    """`--json` is everywhere."""
    assert "--json" in options(commands()[name])


def test_the_page_has_every_exit_code():
    """Numbers and words of the table are those of the code."""
    rows = re.findall(
        r"^\| (\d+) \| `([a-z-]+)` \|", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE
    )
    assert {(int(code), word) for code, word in rows} == {(int(e), e.word) for e in Exit}


@pytest.mark.parametrize("path", DOCS, ids=lambda path: path.stem)
def test_commands_in_the_guides_exist(path: Path):
    """Every `tidegate ...` line of a guide can be typed: the command and its options exist."""
    known = commands()
    text = path.read_text(encoding="utf-8")
    lines = found(r"^\$ (tidegate .*)$", text)
    assert lines
    for line in lines:
        words = line.split(" #")[0].split()
        length = 3 if " ".join(words[:3]) in known else 2
        name = " ".join(words[:length])
        if words[:2] == ["tidegate", "ai"] and length == 2:
            # Whatever is no command there is the name of a service.
            name = "tidegate ai service"
        assert name in known, line
        assert {word for word in words if word.startswith("--")} <= options(known[name]), line
