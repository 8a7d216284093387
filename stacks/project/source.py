"""Reads YAML and remembers the line of every key and value; duplicate keys are faults.

`ruamel.yaml` keeps the positions; this module turns its tree into plain values and a table of
lines, so that nothing else needs to know about it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.constructor import DuplicateKeyError
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from stacks.project.faults import Fault, ProjectFaultsError

Location = tuple[str | int, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """What a YAML file says, and at which line it says it."""

    file: str
    value: Any
    lines: Mapping[Location, int] = field(default_factory=dict)

    def line(self, location: Location) -> int:
        """The line of a value, or of the nearest thing around it when it is not there."""
        for length in range(len(location), -1, -1):
            found = self.lines.get(location[:length])
            if found is not None:
                return found
        return 1

    def fault(self, location: Location, message: str) -> Fault:
        """A fault at the line of a location."""
        return Fault(file=self.file, line=self.line(location), message=message)


def read_source(path: Path, *, shown_as: str) -> Source:
    """The content of a YAML file; ProjectFaultsError when it is missing or not YAML."""
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise _refused(
            shown_as,
            1,
            f"the project file cannot be read: {error.strerror}; "
            "start from tidegate.yaml of the Tidegate repository",
        ) from error
    try:
        tree = YAML(typ="rt").load(text)
    except DuplicateKeyError as error:
        raise _refused(shown_as, _line_of(error), _duplicate(error)) from error
    except MarkedYAMLError as error:
        raise _refused(shown_as, _line_of(error), f"not YAML: {error.problem}") from error
    except YAMLError as error:
        raise _refused(shown_as, 1, f"not YAML: {error}") from error
    return Source(file=shown_as, value=_plain(tree), lines=dict(_lines(tree, ())))


def _refused(file: str, line: int, message: str) -> ProjectFaultsError:
    return ProjectFaultsError([Fault(file=file, line=line, message=message)])


def _line_of(error: MarkedYAMLError) -> int:
    return 1 if error.problem_mark is None else int(error.problem_mark.line) + 1


def _duplicate(error: DuplicateKeyError) -> str:
    problem = str(error.problem or "").split(" with value")[0]
    return f"{problem}: each key may stand once, drop one of the two"


def _plain(node: Any) -> Any:
    if isinstance(node, Mapping):
        return {str(key): _plain(value) for key, value in node.items()}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return [_plain(value) for value in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node


def _lines(node: Any, at: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, CommentedMap):
        for key, value in node.items():
            here = (*at, str(key))
            yield here, int(node.lc.key(key)[0]) + 1
            yield from _lines(value, here)
    elif isinstance(node, CommentedSeq):
        for index, value in enumerate(node):
            yield (*at, index), int(node.lc.item(index)[0]) + 1
            yield from _lines(value, (*at, index))


def section_of(raw: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    """A section of what was read; empty where it is missing or no section."""
    section = raw.get(key)
    return section if isinstance(section, Mapping) else {}
