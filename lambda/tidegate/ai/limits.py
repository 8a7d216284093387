"""What a field of a request, an answer or a section of settings allows, beside its type.

They stand in `typing.Annotated`, together with what the field means, as plain text:
`Annotated[str, "The text to judge.", Length(least=1), Bytes(most=5_000)]`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

Schema = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Length:
    """So many characters of a text, or entries of a list; no upper bound where `most` is None."""

    least: int = 0
    most: int | None = None

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value, None where nothing is."""
        size, what = len(value), "characters" if isinstance(value, str) else "entries"
        if size < self.least:
            return f"has {size} {what}, must have at least {self.least}"
        if self.most is not None and size > self.most:
            return f"has {size} {what}, must have at most {self.most}"
        return None

    def schema(self, of: Schema) -> Schema:
        """The same in JSON Schema."""
        noun = "Length" if of.get("type") == "string" else "Items"
        found: Schema = {f"min{noun}": self.least} if self.least else {}
        return found if self.most is None else {**found, f"max{noun}": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bytes:
    """At most so many bytes of UTF-8: AWS counts texts so. No character is less than one byte."""

    most: int

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value, None where nothing is."""
        size = len(value.encode())
        return f"has {size} bytes, must have at most {self.most}" if size > self.most else None

    def schema(self, _of: Schema) -> Schema:
        """JSON Schema counts characters: no more of them than bytes."""
        return {"maxLength": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Between:
    """A number from `least` to `most`, both included."""

    least: float
    most: float

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value, None where nothing is."""
        if self.least <= value <= self.most:
            return None
        return f"is {value}, must be {self.least} to {self.most}"

    def schema(self, _of: Schema) -> Schema:
        """The same in JSON Schema."""
        return {"minimum": self.least, "maximum": self.most}


@dataclass(frozen=True, slots=True, kw_only=True)
class Matches:
    """A text of which all matches a regular expression; `words` say what that is."""

    pattern: str
    words: str

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value, None where nothing is."""
        matches = re.fullmatch(self.pattern, value) is not None
        return None if matches else f"is {shown(value)}, must be {self.words}"

    def schema(self, _of: Schema) -> Schema:
        """The same in JSON Schema, whose patterns match anywhere."""
        return {"pattern": f"^(?:{self.pattern})$"}


@dataclass(frozen=True, slots=True)
class OneOf:
    """One of these texts."""

    allowed: tuple[str, ...]

    def fault(self, value: Any) -> str | None:
        """What is wrong with the value, None where nothing is."""
        if value in self.allowed:
            return None
        return f"is {shown(value)}, must be one of {', '.join(self.allowed)}"

    def schema(self, _of: Schema) -> Schema:
        """The same in JSON Schema."""
        return {"enum": list(self.allowed)}


@dataclass(frozen=True, slots=True)
class TextFile:
    """Of settings: a path in the project file, whose file's text a function is given instead.

    `check` says what is wrong with such a text, nothing where it is right.
    """

    check: Callable[[str], tuple[str, ...]]

    def fault(self, _value: Any) -> str | None:
        """The text is checked where the file is read: each fault is told."""
        return None

    def schema(self, _of: Schema) -> Schema:
        """A path."""
        return {}


Limit = Length | Bytes | Between | Matches | OneOf | TextFile


def shown(value: Any) -> str:
    """The value as a message shows it: cut where it is long."""
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
