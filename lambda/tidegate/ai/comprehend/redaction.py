"""Texts without personal data: what Comprehend finds is replaced by its type, before storage."""

from collections.abc import Mapping, Sequence
from typing import Any

from tidegate.ai.comprehend.posts import Redacted
from tidegate.ai.comprehend.reading import Readable
from tidegate.ai.comprehend.settings import ComprehendSettings
from tidegate.ai.ports import ServicePorts


def redacted(text: Readable, ports: ServicePorts) -> Redacted:
    """The text with `[EMAIL]` for an address, and so on; its language must be en or es."""
    settings: ComprehendSettings = ports.settings
    answer = ports.calls.call(
        "comprehend", "DetectPiiEntities", Text=text.text, LanguageCode=text.language
    )
    found = [entity for entity in answer["Entities"] if entity["Type"] not in settings.keep_types]
    return Redacted(
        text=without(text.text, found),
        language=text.original,
        translated=text.translated,
        found=tuple(sorted({str(entity["Type"]) for entity in found})),
    )


def without(text: str, found: Sequence[Mapping[str, Any]]) -> str:
    """The text with each place that was found replaced by its type in brackets.

    Places that overlap become one, under the type that begins first: nothing of any is left.
    """
    kept: list[str] = []
    end = 0
    for entity in sorted(found, key=lambda entity: (entity["BeginOffset"], -entity["EndOffset"])):
        begin, until = int(entity["BeginOffset"]), int(entity["EndOffset"])
        if begin >= end:
            kept += [text[end:begin], f"[{entity['Type']}]"]
        end = max(end, until)
    return "".join([*kept, text[end:]])
