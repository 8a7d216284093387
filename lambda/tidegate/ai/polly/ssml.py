"""SSML that is safe to speak: tags that the engine has, and fields that can only be words.

Tags: Polly developer guide, "Supported SSML tags".
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from xml.parsers import expat
from xml.sax.saxutils import escape

_EVERYWHERE = frozenset(
    {"speak", "break", "lang", "mark", "p", "phoneme", "prosody", "s", "say-as", "sub", "w"}
)
_STANDARD = frozenset({"emphasis", "amazon:auto-breaths", "amazon:breath", "amazon:effect"})
_NEURAL = frozenset({"amazon:domain", "amazon:effect"})
TAGS: Mapping[str, frozenset[str]] = {
    "standard": _EVERYWHERE | _STANDARD,
    "neural": _EVERYWHERE | _NEURAL,
    "long-form": _EVERYWHERE | {"amazon:effect"},
    "generative": _EVERYWHERE,
}
"""By engine."""
SAID_AS = (
    "characters",
    "digits",
    "cardinal",
    "ordinal",
    "fraction",
    "unit",
    "date",
    "time",
    "telephone",
    "address",
)
"""How a field may be said (say-as)."""
_FIELD = re.compile(r"\{([a-z][a-z0-9_]*)(?::([a-z]+))?\}")
_BRACE = re.compile(r"[{}]")
_MARKUP = re.compile(r"<[^>]*>")
# What XML 1.0 has no place for, not even as a reference.
_UNSPEAKABLE = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A place in a template for words; `said_as` is how they are said, None: as they are."""

    name: str
    said_as: str | None


def fields_of(template: str) -> tuple[Field, ...]:
    """The fields of a template, `{name}` or `{code:characters}`, in their order."""
    found = (Field(name=match[1], said_as=match[2]) for match in _FIELD.finditer(template))
    return tuple(dict.fromkeys(found))


def template_faults(template: str, engine: str) -> tuple[str, ...]:
    """Everything that keeps a template from being spoken, whatever its fields become."""
    faults = [
        f"field {field.name} is said as {field.said_as}, must be one of {', '.join(SAID_AS)}"
        for field in fields_of(template)
        if field.said_as is not None and field.said_as not in SAID_AS
    ]
    inside = [tag for tag in _MARKUP.findall(template) if _FIELD.search(tag)]
    faults += [f"{tag} has a field in it: fields are words, not markup" for tag in inside]
    if _BRACE.search(_FIELD.sub("", template)):
        faults.append("a brace is no field: fields are {name} or {name:digits}")
    return (*faults, *ssml_faults(spoken(template, {}, missing="x"), engine))


def ssml_faults(document: str, engine: str) -> tuple[str, ...]:
    """What is no SSML, or not of the engine's."""
    reader = _Reader(TAGS[engine], engine)
    reader.read(document)
    return tuple(dict.fromkeys(reader.faults))


def spoken(template: str, values: Mapping[str, str], *, missing: str = "") -> str:
    """The template with its fields as words, in SSML; nothing in a value can be markup."""

    def said(match: re.Match[str]) -> str:
        word = escape(_UNSPEAKABLE.sub("", values.get(match[1], missing)))
        return word if match[2] is None else f'<say-as interpret-as="{match[2]}">{word}</say-as>'

    filled = _FIELD.sub(said, template)
    return filled if filled.lstrip().startswith("<speak") else f"<speak>{filled}</speak>"


def as_ssml(text: str) -> str:
    """A plain text in SSML."""
    return f"<speak>{escape(_UNSPEAKABLE.sub('', text))}</speak>"


def value_faults(fields: Sequence[Field], values: Mapping[str, str]) -> list[str]:
    """Fields without a value, and values without a field."""
    names = [field.name for field in fields]
    missing = [f"values.{name} is missing" for name in dict.fromkeys(names) if name not in values]
    known = ", ".join(dict.fromkeys(names)) or "none"
    return [
        *missing,
        *(
            f"values.{name} is no field of the template: {known}"
            for name in values
            if name not in names
        ),
    ]


def billed_characters(document: str) -> int:
    """Characters that AWS bills: those of tags are free."""
    return len(_MARKUP.sub("", document))


class _Reader:
    """Reads a document to its end; its faults are gathered."""

    def __init__(self, tags: frozenset[str], engine: str) -> None:
        self.faults: list[str] = []
        self._tags = tags
        self._engine = engine
        self._depth = 0
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, document: str) -> None:
        try:
            self._parser.Parse(document.encode(), True)
        except expat.ExpatError as error:
            self.faults.append(f"it is no XML: {error}")

    def _doctype(self, *_declared: object) -> None:
        self.faults.append("a document type is not allowed")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        if self._depth == 0 and name != "speak":
            self.faults.append(f"it begins with <{name}>, must begin with <speak>")
        self._depth += 1
        if name not in self._tags:
            known = ", ".join(sorted(self._tags))
            self.faults.append(f"<{name}> is no tag of the {self._engine} engine: {known}")
        elif name == "prosody" and "pitch" in attributes and self._engine != "standard":
            self.faults.append(f"pitch is not of the {self._engine} engine")

    def _end(self, _name: str) -> None:
        self._depth -= 1
