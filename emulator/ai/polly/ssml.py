"""SSML as Polly takes it: which tags and values there are, and for which engines.

From "Supported SSML tags" of the developer guide. A document is read to its end, so that a refusal
names every fault of it.
"""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from xml.parsers import expat

from emulator.ai.polly.script import Script, Stop, Style

STANDARD, NEURAL, LONG_FORM, GENERATIVE = ENGINES = (
    "standard",
    "neural",
    "long-form",
    "generative",
)
NEWSCASTERS = frozenset({"Matthew", "Joanna", "Lupe", "Amy"})
"""Voices with the style of newscasters, by the neural engine."""
LONGEST_BREAK_SECONDS = 10.0

_BREAKS = {
    "none": 0.0,
    "x-weak": 0.0,
    "weak": 0.25,
    "medium": 0.25,
    "strong": 0.5,
    "x-strong": 1.0,
}
_RATES = {"x-slow": 0.5, "slow": 0.75, "medium": 1.0, "fast": 1.25, "x-fast": 1.75}
_PITCHES = {"default": 1.0, "x-low": 0.6, "low": 0.8, "medium": 1.0, "high": 1.2, "x-high": 1.4}
_VOLUMES = {
    "default": 0.0,
    "silent": -96.0,
    "x-soft": -12.0,
    "soft": -6.0,
    "medium": 0.0,
    "loud": 6.0,
    "x-loud": 12.0,
}
_SAID_AS = frozenset(
    {"characters", "spell-out", "cardinal", "number", "ordinal", "digits", "fraction", "unit"}
    | {"date", "time", "address", "expletive", "telephone"}
)
_SPELLED = frozenset({"characters", "spell-out", "digits", "telephone"})
_EVERY = frozenset(ENGINES)
_ONLY_STANDARD = frozenset({STANDARD})


class BadSsmlError(ValueError):
    """The document is not SSML that the voice and engine speak; the sentence names each fault."""


class UnsupportedFeatureError(BadSsmlError):
    """The document is SSML, with parts that the engine does not have."""


@dataclass(frozen=True, kw_only=True, slots=True)
class _Tag:
    """An element: who has it, and the attributes that it takes, needed ones apart."""

    engines: frozenset[str] = _EVERY
    needed: frozenset[str] = frozenset()
    taken: frozenset[str] = frozenset()
    ends_sentence: bool = False


_TAGS: Mapping[str, _Tag] = {
    "speak": _Tag(
        taken=frozenset(
            {"version", "xml:lang", "xmlns", "xmlns:xsi", "xmlns:amazon", "xsi:schemaLocation"}
        )
    ),
    "break": _Tag(taken=frozenset({"strength", "time"})),
    "emphasis": _Tag(engines=_ONLY_STANDARD, taken=frozenset({"level"})),
    "lang": _Tag(needed=frozenset({"xml:lang"})),
    "mark": _Tag(needed=frozenset({"name"})),
    "p": _Tag(ends_sentence=True),
    "s": _Tag(ends_sentence=True),
    "phoneme": _Tag(needed=frozenset({"alphabet", "ph"})),
    "prosody": _Tag(taken=frozenset({"volume", "rate", "pitch", "amazon:max-duration"})),
    "say-as": _Tag(needed=frozenset({"interpret-as"}), taken=frozenset({"format"})),
    "sub": _Tag(needed=frozenset({"alias"})),
    "w": _Tag(needed=frozenset({"role"})),
    "amazon:auto-breaths": _Tag(
        engines=_ONLY_STANDARD, taken=frozenset({"volume", "frequency", "duration"})
    ),
    "amazon:breath": _Tag(engines=_ONLY_STANDARD, taken=frozenset({"volume", "duration"})),
    "amazon:domain": _Tag(engines=frozenset({NEURAL}), needed=frozenset({"name"})),
    "amazon:effect": _Tag(taken=frozenset({"name", "phonation", "vocal-tract-length"})),
}

_ENUMS: Mapping[tuple[str, str], frozenset[str]] = {
    ("break", "strength"): frozenset(_BREAKS),
    ("emphasis", "level"): frozenset({"strong", "moderate", "reduced", "none"}),
    ("phoneme", "alphabet"): frozenset(
        {"ipa", "x-sampa", "x-amazon-pinyin", "x-amazon-jyutping", "x-amazon-pron-kana"}
        | {"x-amazon-yomigana"}
    ),
    ("say-as", "interpret-as"): _SAID_AS,
    ("amazon:domain", "name"): frozenset({"news", "conversational", "music", "long-form"}),
    ("amazon:effect", "name"): frozenset({"drc", "whispered"}),
    ("amazon:effect", "phonation"): frozenset({"soft"}),
}

_LIMITED: Mapping[tuple[str, str, str | None], frozenset[str]] = {
    ("prosody", "pitch", None): _ONLY_STANDARD,
    ("prosody", "amazon:max-duration", None): _ONLY_STANDARD,
    ("amazon:effect", "name", "drc"): frozenset({STANDARD, NEURAL, LONG_FORM}),
    ("amazon:effect", "name", "whispered"): _ONLY_STANDARD,
    ("amazon:effect", "phonation", None): _ONLY_STANDARD,
    ("amazon:effect", "vocal-tract-length", None): _ONLY_STANDARD,
}
"""Attributes, and values of them, that not all engines have."""


def script_of(text: str, *, engine: str, voice: str) -> Script:
    """What the document says.

    BadSsmlError for what is no SSML of Polly's, UnsupportedFeatureError for what another engine
    would speak.
    """
    reader = _Reader(engine=engine, voice=voice)
    reader.read(text.encode("utf-8", errors="surrogatepass"))
    if reader.faults:
        raise BadSsmlError("; ".join(reader.faults))
    if reader.unsupported:
        raise UnsupportedFeatureError("; ".join(reader.unsupported))
    return reader.script


class _Reader:
    """Reads one document; its faults are gathered."""

    def __init__(self, *, engine: str, voice: str) -> None:
        self.script = Script()
        self.faults: list[str] = []
        self.unsupported: list[str] = []
        self._engine = engine
        self._voice = voice
        self._styles = [Style()]
        self._open: list[str] = []
        self._parser = expat.ParserCreate("UTF-8")
        self._parser.buffer_text = False
        self._parser.StartElementHandler = self._start
        self._parser.EndElementHandler = self._end
        self._parser.CharacterDataHandler = self._characters
        self._parser.StartDoctypeDeclHandler = self._doctype

    def read(self, document: bytes) -> None:
        """The whole of it."""
        self._source = document
        try:
            self._parser.Parse(document, True)
        except expat.ExpatError as error:
            self.faults.append(str(error))

    def _doctype(self, *_declared: object) -> None:
        self.faults.append("a document type declaration is not allowed")

    def _start(self, name: str, given: dict[str, str]) -> None:
        if not self._open and name != "speak":
            self.faults.append(f"the root is <speak>, got <{name}>")
        self._open.append(name)
        tag = _TAGS.get(name)
        if tag is None:
            known = ", ".join(sorted(_TAGS))
            self.faults.append(f"<{name}> is no tag of Polly's; those are {known}")
            self._styles.append(self._styles[-1])
            return
        self._check(name, tag, given)
        if tag.ends_sentence:
            self._end_sentence()
        self._styles.append(self._styled(name, given))
        self._stop(name, given)

    def _end(self, name: str) -> None:
        self._open.pop()
        self._styles.pop()
        tag = _TAGS.get(name)
        if tag is not None and tag.ends_sentence:
            self._end_sentence()

    def _characters(self, text: str) -> None:
        begin = self._parser.CurrentByteIndex
        reference = self._source[begin : begin + 1] == b"&"
        size = self._source.index(b";", begin) + 1 - begin if reference else None
        self.script.add(text, begin=begin, style=self._styles[-1], size=size)

    def _end_sentence(self) -> None:
        self.script.stops.append(Stop(at=len(self.script.text), ends_sentence=True))

    def _check(self, name: str, tag: _Tag, given: Mapping[str, str]) -> None:
        missing = sorted(tag.needed - set(given))
        unknown = sorted(set(given) - tag.needed - tag.taken)
        self.faults += [f"<{name}> needs the attribute {attribute}" for attribute in missing]
        self.faults += [f"<{name}> has no attribute {attribute}" for attribute in unknown]
        if name in {"prosody", "amazon:effect"} and not given:
            self.faults.append(f"<{name}> needs one of {', '.join(sorted(tag.taken))}")
        for attribute, value in given.items():
            allowed = _ENUMS.get((name, attribute))
            if allowed is not None and value not in allowed:
                listed = ", ".join(sorted(allowed))
                self.faults.append(f"{attribute} of <{name}> is one of {listed}, got {value!r}")
            self._check_engine(name, attribute, value)
        if self._engine not in tag.engines:
            self.unsupported.append(f"<{name}> with the {self._engine} engine")
        if name == "amazon:domain" and self._voice not in NEWSCASTERS:
            listed = ", ".join(sorted(NEWSCASTERS))
            self.unsupported.append(f"<{name}> with {self._voice}; it is for {listed}")

    def _check_engine(self, name: str, attribute: str, value: str) -> None:
        for key in ((name, attribute, None), (name, attribute, value)):
            engines = _LIMITED.get(key)
            if engines is not None and self._engine not in engines:
                shown = f'<{name} {attribute}="{value}">'
                self.unsupported.append(f"{shown} with the {self._engine} engine")

    def _styled(self, name: str, given: Mapping[str, str]) -> Style:
        style = self._styles[-1]
        if name == "lang":
            return replace(style, language=given.get("xml:lang"))
        if name == "sub":
            return replace(style, alias=given.get("alias"))
        if name == "say-as":
            return replace(style, spelled=given.get("interpret-as") in _SPELLED)
        if name == "amazon:effect" and given.get("name") == "whispered":
            return replace(style, whispered=True)
        return self._prosody(style, given) if name == "prosody" else style

    def _prosody(self, style: Style, given: Mapping[str, str]) -> Style:
        rate = self._value("rate", given, _rate)
        pitch = self._value("pitch", given, _pitch)
        decibels = self._value("volume", given, _decibels)
        return replace(
            style,
            rate=style.rate if rate is None else rate,
            pitch=style.pitch if pitch is None else pitch,
            decibels=style.decibels if decibels is None else decibels,
        )

    def _stop(self, name: str, given: Mapping[str, str]) -> None:
        place = len(self.script.text)
        if name == "break":
            spoken = self._value("time", given, _seconds)
            strength = _BREAKS.get(given.get("strength", "medium"), 0.0)
            seconds = strength if spoken is None else spoken
            self.script.stops.append(Stop(at=place, seconds=seconds))
        elif name == "mark":
            begin = self._parser.CurrentByteIndex
            end = self._source.index(b">", begin) + 1
            self.script.stops.append(
                Stop(at=place, name=given.get("name", ""), begin=begin, end=end)
            )

    def _value(
        self, attribute: str, given: Mapping[str, str], read: Callable[[str], float]
    ) -> float | None:
        if attribute not in given:
            return None
        try:
            return read(given[attribute])
        except ValueError as error:
            self.faults.append(f"{attribute} {error}, got {given[attribute]!r}")
            return None


def _seconds(text: str) -> float:
    match = re.fullmatch(r"(\d+(?:\.\d+)?)(s|ms)", text)
    seconds = float(match[1]) / (1000 if match[2] == "ms" else 1) if match else -1.0
    if not 0 <= seconds <= LONGEST_BREAK_SECONDS:
        raise ValueError(f"of <break> is 0 to {LONGEST_BREAK_SECONDS:.0f} s, as 2s or 250ms")
    return seconds


def _rate(text: str) -> float:
    if text in _RATES:
        return _RATES[text]
    match = re.fullmatch(r"(\d+(?:\.\d+)?)%", text)
    if match is None or not 20 <= float(match[1]) <= 200:
        raise ValueError(f"is one of {', '.join(_RATES)}, or 20% to 200%")
    return float(match[1]) / 100


def _pitch(text: str) -> float:
    if text in _PITCHES:
        return _PITCHES[text]
    match = re.fullmatch(r"([+-]\d+(?:\.\d+)?)%", text)
    if match is None:
        raise ValueError(f"is one of {', '.join(_PITCHES)}, or a change as +10%")
    return 1 + float(match[1]) / 100


def _decibels(text: str) -> float:
    if text in _VOLUMES:
        return _VOLUMES[text]
    match = re.fullmatch(r"([+-]\d+(?:\.\d+)?)dB", text)
    if match is None:
        raise ValueError(f"is one of {', '.join(_VOLUMES)}, or a change as +6dB")
    return float(match[1])
