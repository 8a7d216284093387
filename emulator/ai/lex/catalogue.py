"""Lex's locales and what of its built-in intents and types of slots is known here.

Lex V2 developer guide, "Languages and locales supported by Amazon Lex V2", "Built-in intents",
"Built-in slot types". An intent or type that is left out here needs a service or a model.
"""

from collections.abc import Mapping

from emulator.ai.lex.definition import FALLBACK
from emulator.ai.lex.matching import BUILT_IN_UTTERANCES
from emulator.ai.lex.values import BUILT_IN

LOCALES: Mapping[str, str] = {
    "ar_AE": "Gulf Arabic (United Arab Emirates)", "ca_ES": "Catalan (Spain)",
    "de_AT": "German (Austria)", "de_DE": "German (Germany)", "en_AU": "English (Australia)",
    "en_GB": "English (UK)", "en_IN": "English (India)", "en_US": "English (US)",
    "en_ZA": "English (South Africa)", "es_419": "Spanish (Latin America)",
    "es_ES": "Spanish (Spain)", "es_US": "Spanish (US)", "fi_FI": "Finnish (Finland)",
    "fr_CA": "French (Canada)", "fr_FR": "French (France)", "hi_IN": "Hindi (India)",
    "it_IT": "Italian (Italy)", "ja_JP": "Japanese (Japan)", "ko_KR": "Korean (Korea)",
    "nl_NL": "Dutch (The Netherlands)", "no_NO": "Norwegian (Norway)", "pl_PL": "Polish (Poland)",
    "pt_BR": "Portuguese (Brazil)", "pt_PT": "Portuguese (Portugal)", "sv_SE": "Swedish (Sweden)",
    "zh_CN": "Mandarin (PRC)", "zh_HK": "Cantonese (HK)",
}  # fmt: skip
"""Names of Lex's locales."""

LANGUAGES = frozenset({"de", "en", "es", "fr", "it", "pt"})
"""Languages in which the engine here understands texts."""

INTENTS = frozenset({FALLBACK, *BUILT_IN_UTTERANCES})
"""Signatures of the built-in intents."""

SLOT_TYPES = frozenset(BUILT_IN)
"""Names of the built-in types of slots."""
