"""Translate's operations that answer at once: texts, documents and terminologies."""

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.comprehend import languages
from emulator.ai.frame import Answer, Asked, Call, Operation
from emulator.ai.translate.codes import CODES
from emulator.ai.translate.pseudo import ENGINE, Localizer
from emulator.ai.translate.terminologies import Terminologies
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated
from emulator.seams.services import Permission

TEXT_BYTES = 10_000
"""The most of a text, in UTF-8."""
DOCUMENT_BYTES = 100_000
"""The most of a document of TranslateDocument ("100 KB" in the guide)."""
DOCUMENT_TYPES = ("text/html", "text/plain")
AUTO = "auto"
_DETECTING = frozenset({"TranslateText", "TranslateDocument"})
KEPT = "kept by the embedded cloud"
"""The engine of answers in which nothing is judged."""


def also_asked(asked: Asked) -> list[Permission]:
    """What a caller needs beside the operation: to detect the language if none is named."""
    detects = asked.operation in _DETECTING and asked.request.get("SourceLanguageCode") == AUTO
    return [Permission(action="comprehend:DetectDominantLanguage")] if detects else []


@dataclass(frozen=True, kw_only=True, slots=True)
class Translate:
    """The operations on one cloud's terminologies."""

    terminologies: Terminologies

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "TranslateText": self._text,
            "TranslateDocument": self._document,
            "ImportTerminology": self._import,
            "GetTerminology": self._get,
            "ListTerminologies": self._list,
            "DeleteTerminology": self._delete,
        }

    def _text(self, call: Call) -> Answer:
        text = _text(call.request)
        told, localized = self._localized(call, text)
        return Answer(body={**told, "TranslatedText": localized}, engine=ENGINE)

    def _document(self, call: Call) -> Answer:
        content = _document(call.request)
        told, localized = self._localized(call, content)
        made = base64.b64encode(localized.encode()).decode()
        return Answer(body={**told, "TranslatedDocument": {"Content": made}}, engine=ENGINE)

    def _localized(self, call: Call, text: str) -> tuple[Json, str]:
        """What the answer says beside the text, and the text."""
        request = call.request
        source, target = _pair(request, text)
        names = request.get("TerminologyNames", [])
        if len(names) > 1:
            raise RefusedRequestError(
                "InvalidRequestException", f"One terminology can be applied, got {len(names)}"
            )
        terms = [self.terminologies.get(call.tenant, name).terms(source, target) for name in names]
        localizer = Localizer(target=target, terms=terms[0] if terms else {})
        localized = localizer.localized(text)
        body: Json = {"SourceLanguageCode": source, "TargetLanguageCode": target}
        if names:
            used = [{"SourceText": here, "TargetText": to} for here, to in localizer.used.items()]
            body["AppliedTerminologies"] = [{"Name": names[0], "Terms": used}]
        return body, localized

    def _import(self, call: Call) -> Answer:
        for member in ("EncryptionKey", "Tags"):
            if call.request.get(member):
                what = f"the member {member} of ImportTerminology"
                raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
        properties = self.terminologies.put(call.tenant, call.request)
        return _kept({"TerminologyProperties": properties})

    def _get(self, call: Call) -> Answer:
        found = self.terminologies.get(call.tenant, call.request["Name"])
        return _kept({"TerminologyProperties": found.properties})

    def _list(self, call: Call) -> Answer:
        return _kept({"TerminologyPropertiesList": self.terminologies.of(call.tenant)})

    def _delete(self, call: Call) -> Answer:
        self.terminologies.delete(call.tenant, call.request["Name"])
        return _kept({})


def _kept(body: Json) -> Answer:
    return Answer(body=body, engine=KEPT)


def _text(request: Mapping[str, Any]) -> str:
    if request.get("Settings"):
        named = ", ".join(sorted(request["Settings"]))
        raise RefusedRequestError(NOT_EMULATED, not_emulated(f"the settings {named}"))
    text: str = request["Text"]
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size > TEXT_BYTES:
        raise RefusedRequestError(
            "TextSizeLimitExceededException",
            f"Input text size exceeds limit. Max length of request text allowed is {TEXT_BYTES} "
            f"bytes while in this request the text size is {size} bytes",
        )
    return text


def _document(request: Mapping[str, Any]) -> str:
    kind, settings = request["Document"]["ContentType"], request.get("Settings")
    if kind not in DOCUMENT_TYPES or settings:
        what = f"settings, and documents but {' and '.join(DOCUMENT_TYPES)}"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    try:
        content = base64.b64decode(request["Document"]["Content"])
        text = content.decode("utf-8")
    except (binascii.Error, UnicodeDecodeError) as error:
        raise RefusedRequestError(
            "InvalidRequestException", "The document must be text in UTF-8"
        ) from error
    if len(content) > DOCUMENT_BYTES:
        raise RefusedRequestError(
            "LimitExceededException",
            f"A document has at most {DOCUMENT_BYTES} bytes, got {len(content)}",
        )
    return text


def _pair(request: Mapping[str, Any], text: str) -> tuple[str, str]:
    source, target = pair(request["SourceLanguageCode"], request["TargetLanguageCode"])
    return (_detected(text) if source == AUTO else source), target


def pair(source: str, target: str) -> tuple[str, str]:
    """Both, if there is such a pair; UnsupportedLanguagePairException names the languages."""
    wrong = [code for code in (source, target) if code not in CODES and code != AUTO]
    if wrong or target == AUTO:
        raise RefusedRequestError(
            "UnsupportedLanguagePairException",
            f"Unsupported language pair: {source} to {target}. "
            f"Languages are {', '.join(sorted(CODES))}; a source may be {AUTO}",
        )
    return source, target


def _detected(text: str) -> str:
    found = languages.judged(text)["Languages"]
    if not found or found[0]["LanguageCode"] not in CODES:
        raise RefusedRequestError(
            "DetectedLanguageLowConfidenceException",
            "The language of the text was not detected: give SourceLanguageCode",
        )
    code: str = found[0]["LanguageCode"]
    return code
