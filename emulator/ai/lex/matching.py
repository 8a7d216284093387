"""Which intent a text is for: sample utterances that are said literally, or in words like theirs.

The likeness of a text and an utterance is SoftTFIDF (Cohen, Ravikumar and Fienberg, "A Comparison
of String Distance Metrics for Name-Matching Tasks", 2003): the cosine of their words, each weighed
by how rare it is among the bot's utterances, where words that are written alike (rapidfuzz) count
for as much as they are alike. It knows the words of a bot, and nothing of what words mean.
"""

import math
import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from emulator.ai.lex.definition import FALLBACK, Definition, Intent
from emulator.ai.lex.function_words import FUNCTION_WORDS
from emulator.ai.lex.values import Setting, Value, find, resolve, spots

ALIKE = 80.0
"""Per cent of letters from which two words count as alike (`rapidfuzz.fuzz.ratio`)."""
UNKNOWN_WEIGHT = 0.5
"""The weight of a word that no utterance has, as a share of the greatest weight."""

FUNCTION_WEIGHT = 0.25
"""What a word counts that says little in any text, as a share of what it would."""

_WORD = re.compile(r"\{\w+\}|[\w']+")
_PLACE = re.compile(r"\{(\w+)\}")

BUILT_IN_UTTERANCES: Mapping[str, Sequence[str]] = {
    "AMAZON.CancelIntent": ("cancel", "never mind", "forget it"),
    "AMAZON.HelpIntent": ("help", "help me", "can you help me"),
    "AMAZON.PauseIntent": ("pause", "pause that"),
    "AMAZON.RepeatIntent": ("repeat", "say that again", "repeat that"),
    "AMAZON.ResumeIntent": ("resume", "continue", "keep going"),
    "AMAZON.StartOverIntent": ("start over", "restart", "start again"),
    "AMAZON.StopIntent": ("stop", "off", "shut up"),
}
"""What invokes Lex's built-in intents: developer guide, "Built-in intents"."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Match:
    """An intent that the text may be for: confidence from 0 to 1, and slots that it fills."""

    intent: Intent
    score: float
    values: Mapping[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Matcher:
    """Understands texts by one definition."""

    definition: Definition

    def matches(self, text: str, setting: Setting, contexts: Collection[str] = ()) -> list[Match]:
        """The intents that the text may be for, the likeliest first; the fallback is not one."""
        found = [
            self._match(intent, text, setting)
            for intent in self.definition.intents
            if intent.signature != FALLBACK and set(intent.needs_contexts) <= set(contexts)
        ]
        return sorted((m for m in found if m.score > 0.0), key=lambda m: -m.score)

    def _match(self, intent: Intent, text: str, setting: Setting) -> Match:
        utterances = utterances_of(intent)
        for utterance in utterances:
            values = captured(intent, utterance, text, setting)
            if values is not None:
                return Match(intent=intent, score=1.0, values=values)
        spotted = _spotted(intent, text, setting)
        words = _masked(text, spotted)
        likeness = [self._likeness(words, _words(utterance)) for utterance in utterances]
        return Match(intent=intent, score=round(max(likeness, default=0.0), 4), values=spotted)

    def _likeness(self, said: Sequence[str], sample: Sequence[str]) -> float:
        # A value that the sample does not ask for says nothing against it.
        said = [word for word in said if not _PLACE.fullmatch(word) or word in sample]
        if not said or not sample:
            return 0.0
        total = 0.0
        for word in said:
            other, alike = _nearest(word, sample)
            total += alike * self._weight(word if alike == 1.0 else other) * self._weight(other)
        return min(1.0, total / (self._length(said) * self._length(sample)))

    def _length(self, words: Sequence[str]) -> float:
        return math.sqrt(sum(self._weight(word) ** 2 for word in words))

    def _weight(self, word: str) -> float:
        known = self._weights.get(word, UNKNOWN_WEIGHT * self._greatest)
        says_little = word in FUNCTION_WORDS.get(self.definition.language, ())
        return known * FUNCTION_WEIGHT if says_little else known

    @cached_property
    def _weights(self) -> Mapping[str, float]:
        """How rare each word is among the utterances: the logarithm of one in how many has it."""
        texts = [
            set(_words(utterance))
            for intent in self.definition.intents
            for utterance in utterances_of(intent)
        ]
        counts = Counter(word for words in texts for word in words)
        return {word: math.log(1.0 + len(texts) / count) for word, count in counts.items()}

    @cached_property
    def _greatest(self) -> float:
        return max(self._weights.values(), default=1.0)


def utterances_of(intent: Intent) -> Sequence[str]:
    """The intent's own, and those of the built-in intent that it is."""
    return (*intent.utterances, *BUILT_IN_UTTERANCES.get(intent.signature or "", ()))


def captured(
    intent: Intent, utterance: str, text: str, setting: Setting
) -> dict[str, Value] | None:
    """The slots that a text fills which is the utterance, word for word; None if it is not."""
    match = _pattern(utterance).fullmatch(_plain(text))
    if match is None:
        return None
    values: dict[str, Value] = {}
    for name, said in match.groupdict().items():
        slot = intent.slot(name)
        value = None if slot is None else resolve(slot.type, said, setting)
        if value is None:
            return None
        values[name] = value
    return values


def _pattern(utterance: str) -> re.Pattern[str]:
    parts, end = [], 0
    plain, seen = _plain(utterance), set()
    for place in _PLACE.finditer(plain):
        parts.append(re.escape(plain[end : place.start()]))
        # A place that comes twice has the same words in it.
        parts.append(f"(?P={place[1]})" if place[1] in seen else f"(?P<{place[1]}>.+?)")
        seen.add(place[1])
        end = place.end()
    parts.append(re.escape(plain[end:]))
    return re.compile("".join(parts), re.IGNORECASE)


def _plain(text: str) -> str:
    """Without punctuation between and behind words, and with single blanks."""
    return " ".join(re.sub(r"[.,;:!?]+(?=\s|$)", " ", text).split())


def _words(text: str) -> list[str]:
    return [word if word.startswith("{") else word.lower() for word in _WORD.findall(text)]


def _spotted(intent: Intent, text: str, setting: Setting) -> dict[str, Value]:
    """Values of the intent's slots that are somewhere in the text, each for one slot."""
    found: dict[str, Value] = {}
    left, setting = text, replace(setting, words_from=1.5)
    for slot in intent.slots:
        if not spots(slot.type):
            continue
        value = find(slot.type, left, setting)
        if value is not None:
            found[slot.name] = value
            left = left.replace(value.original, " ", 1)
    return found


def _masked(text: str, spotted: Mapping[str, Value]) -> list[str]:
    for name, value in spotted.items():
        text = text.replace(value.original, f"{{{name}}}", 1)
    return _words(text)


def _nearest(word: str, sample: Sequence[str]) -> tuple[str, float]:
    """The sample's word that is most alike, and how much; nothing is if it is not alike enough."""
    from rapidfuzz import fuzz, process  # noqa: PLC0415 - loaded when a bot first listens

    if word in sample:
        return word, 1.0
    if _PLACE.fullmatch(word):
        return word, 0.0
    best = process.extractOne(word, sample, scorer=fuzz.ratio, score_cutoff=ALIKE)
    return (word, 0.0) if best is None else (best[0], best[1] / 100.0)
