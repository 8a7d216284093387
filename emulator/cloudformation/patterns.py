"""Regular expressions as the public schemas write them: with Unicode classes and set operations."""

from functools import lru_cache
from typing import Any

import regex  # type: ignore[import-untyped]

_JAVA_ASTRAL_RANGE = r"\uD800\uDC00-\uDBFF\uDFFF"
"""Every character above U+FFFF, as Java writes it in UTF-16 halves."""


def matches(pattern: str | None, text: str) -> bool:
    """Tell whether the text satisfies a schema's pattern; no pattern accepts every text."""
    return pattern is None or _compiled(pattern).search(text) is not None


@lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:
    """Compile with set operations only where used: elsewhere they change what `[[` means."""
    pattern = pattern.replace(_JAVA_ASTRAL_RANGE, r"\U00010000-\U0010FFFF")
    return regex.compile(pattern, regex.V1 if "&&" in pattern else regex.V0)
