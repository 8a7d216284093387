"""Pseudo-localization: what a text looks like that has been through a translator, in no language.

No small offline library translates. So that an application's path can be seen to work, words get
accents, the text is marked with its target language, and terms of a terminology are translated
for real.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from emulator.ai.translate.markup import with_words

ENGINE = "pseudo-localization"

_ACCENTS = str.maketrans("aeiouycnAEIOUYCN", "áéíóúýçñÁÉÍÓÚÝÇÑ")


@dataclass(kw_only=True, slots=True)
class Localizer:
    """Localizes texts by the terms of a terminology; `used` are those that it met so far."""

    target: str
    terms: Mapping[str, str]
    used: dict[str, str] = field(default_factory=dict)

    def localized(self, text: str) -> str:
        """The text with its markup unchanged, its words accented and its terms translated."""
        return with_words(text, self._words)

    def _words(self, words: str) -> str:
        core = words.strip()
        if not any(sign.isalpha() for sign in core):
            return words
        before, _, after = words.partition(core)
        return f"{before}[{self.target}] {self._translated(core)}{after}"

    def _translated(self, words: str) -> str:
        if not self.terms:
            return words.translate(_ACCENTS)
        longest_first = sorted(self.terms, key=len, reverse=True)
        found = re.compile(rf"(?<!\w)(?:{'|'.join(map(re.escape, longest_first))})(?!\w)")
        done, end = [], 0
        for match in found.finditer(words):
            self.used[match[0]] = self.terms[match[0]]
            done += [words[end : match.start()].translate(_ACCENTS), self.terms[match[0]]]
            end = match.end()
        return "".join([*done, words[end:].translate(_ACCENTS)])
