"""Comprehend's operations: its limits of texts and languages, and which engine answers."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.ai.comprehend import entities, languages, personal, sentiment
from emulator.ai.comprehend.spans import Span
from emulator.ai.frame import Answer, Call, Operation
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

SHORT_TEXT_BYTES = 5_000
"""Sentiment, and each text of a batch ("5 KB" in the API reference: 5,000 in its errors)."""
LONG_TEXT_BYTES = 100_000
"""Languages, entities and personal data of one text ("100 KB")."""
BATCH_TEXTS = 25
"""The most texts of a batch."""
PERSONAL_DATA_LANGUAGES = ("en", "es")
"""Those in which AWS finds personal data."""
ENGLISH = "en"

_CUSTOM_MODEL_MEMBERS = ("EndpointArn", "Bytes", "DocumentReaderConfig")


@dataclass(frozen=True, kw_only=True, slots=True)
class Batch:
    """A batch operation: what it makes of one text, by which engine."""

    judge: Callable[[str], Json]
    engine: str

    def answer(self, call: Call) -> Answer:
        """A result or an error for each text, by its index."""
        texts: Sequence[str] = call.request["TextList"]
        if len(texts) > BATCH_TEXTS:
            raise RefusedRequestError(
                "BatchSizeLimitExceededException",
                f"A batch has at most {BATCH_TEXTS} documents, this request has {len(texts)}",
            )
        results, errors = [], []
        for index, text in enumerate(texts):
            fault = _item_fault(text, call)
            if fault is None:
                results.append({"Index": index, **self.judge(text)})
            else:
                errors.append({"Index": index, **fault})
        return Answer(body={"ResultList": results, "ErrorList": errors}, engine=self.engine)


def _item_fault(text: str, call: Call) -> Json | None:
    too_long = _too_long(text, SHORT_TEXT_BYTES)
    if too_long is not None:
        return {"ErrorCode": "TEXT_SIZE_LIMIT_EXCEEDED", "ErrorMessage": too_long}
    if call.fails_item():
        return {"ErrorCode": "INTERNAL_SERVER_ERROR", "ErrorMessage": "Internal server error"}
    return None


def _too_long(text: str, limit: int) -> str | None:
    size = len(text.encode("utf-8", errors="surrogatepass"))
    if size <= limit:
        return None
    return (
        f"Input text size exceeds limit. Max length of request text allowed is {limit} bytes "
        f"while in this request the text size is {size} bytes"
    )


def _text(request: Mapping[str, Any], limit: int) -> str:
    text: str = request["Text"]
    too_long = _too_long(text, limit)
    if too_long is not None:
        raise RefusedRequestError("TextSizeLimitExceededException", too_long)
    return text


def _require_english(request: Mapping[str, Any], what: str) -> None:
    code = request["LanguageCode"]
    if code != ENGLISH:
        instead = f"{what} in the language {code}, only in {ENGLISH}: translate the text first"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(instead))


def _sentiment(call: Call) -> Answer:
    text = _text(call.request, SHORT_TEXT_BYTES)
    _require_english(call.request, "sentiment")
    return Answer(body=sentiment.judged(text), engine=sentiment.ENGINE)


def _sentiments(call: Call) -> Answer:
    _require_english(call.request, "sentiment")
    return Batch(judge=sentiment.judged, engine=sentiment.ENGINE).answer(call)


def _language(call: Call) -> Answer:
    text = _text(call.request, LONG_TEXT_BYTES)
    return Answer(body=languages.judged(text), engine=languages.ENGINE)


def _languages(call: Call) -> Answer:
    return Batch(judge=languages.judged, engine=languages.ENGINE).answer(call)


def _entities(call: Call) -> Answer:
    request = call.request
    custom = [name for name in _CUSTOM_MODEL_MEMBERS if request.get(name) is not None]
    if custom:
        what = f"custom entity recognizers ({', '.join(custom)})"
        raise RefusedRequestError(NOT_EMULATED, not_emulated(what))
    missing = [name for name in ("Text", "LanguageCode") if request.get(name) is None]
    if missing:
        raise RefusedRequestError(
            "InvalidRequestException",
            f"{' and '.join(missing)} must be given when no EndpointArn is",
        )
    text = _text(request, LONG_TEXT_BYTES)
    _require_english(request, "entities")
    found = [{**member(span), "Text": span.of(text)} for span in entities.found(text)]
    return Answer(body={"Entities": found}, engine=entities.ENGINE)


def member(span: Span) -> Json:
    """A span as the API tells it."""
    return {
        "Type": span.kind,
        "Score": span.score,
        "BeginOffset": span.begin,
        "EndOffset": span.end,
    }


def _personal(call: Call) -> Sequence[Span]:
    text = _text(call.request, LONG_TEXT_BYTES)
    code = call.request["LanguageCode"]
    if code not in PERSONAL_DATA_LANGUAGES:
        raise RefusedRequestError(
            "UnsupportedLanguageException",
            f"Personal data is found in {' and '.join(PERSONAL_DATA_LANGUAGES)}, got {code}",
        )
    return personal.found(text)


def _personal_entities(call: Call) -> Answer:
    found = [member(span) for span in _personal(call)]
    return Answer(body={"Entities": found}, engine=personal.ENGINE)


def _personal_labels(call: Call) -> Answer:
    best: dict[str, float] = {}
    for span in _personal(call):
        best[span.kind] = max(span.score, best.get(span.kind, 0.0))
    labels = [{"Name": kind, "Score": score} for kind, score in best.items()]
    return Answer(body={"Labels": labels}, engine=personal.ENGINE)


OPERATIONS: Mapping[str, Operation] = {
    "DetectSentiment": _sentiment,
    "BatchDetectSentiment": _sentiments,
    "DetectDominantLanguage": _language,
    "BatchDetectDominantLanguage": _languages,
    "DetectEntities": _entities,
    "DetectPiiEntities": _personal_entities,
    "ContainsPiiEntities": _personal_labels,
}
