"""What a transcription job may ask for: refused with all its faults at once."""

from collections.abc import Iterator, Mapping
from typing import Any

from emulator.jsonapi import NOT_EMULATED, RefusedRequestError, not_emulated

_NOT_EMULATED = (
    "IdentifyMultipleLanguages",
    "ContentRedaction",
    "ModelSettings",
    "ToxicityDetection",
    "LanguageIdSettings",
    "KMSEncryptionContext",
)
_NOT_EMULATED_SETTINGS = ("ChannelIdentification", "ShowAlternatives", "MaxAlternatives")


def check(request: Mapping[str, Any]) -> None:
    """The request can be done, or an error says everything that is in the way."""
    faults = [*_faults(request, request.get("Settings", {}))]
    if faults:
        raise RefusedRequestError("BadRequestException", " ".join(faults))
    missing = [*_missing(request)]
    if missing:
        raise RefusedRequestError(NOT_EMULATED, not_emulated(", ".join(missing)))


def _faults(request: Mapping[str, Any], settings: Mapping[str, Any]) -> Iterator[str]:
    named = [
        name
        for name in ("LanguageCode", "IdentifyLanguage", "IdentifyMultipleLanguages")
        if request.get(name)
    ]
    if len(named) != 1:
        yield (
            "Give exactly one of LanguageCode, IdentifyLanguage and IdentifyMultipleLanguages, "
            f"got {', '.join(named) or 'none'}."
        )
    options = request.get("LanguageOptions")
    if options is not None and not request.get("IdentifyLanguage"):
        yield "LanguageOptions are for IdentifyLanguage."
    if options is not None and len(options) < 2:
        yield "LanguageOptions are at least two languages."
    if not request["Media"].get("MediaFileUri", "").startswith("s3://"):
        yield "MediaFileUri is a URI of S3: s3://bucket/key."
    if bool(settings.get("ShowSpeakerLabels")) != ("MaxSpeakerLabels" in settings):
        yield "ShowSpeakerLabels and MaxSpeakerLabels go together."
    if ("VocabularyFilterName" in settings) != ("VocabularyFilterMethod" in settings):
        yield "VocabularyFilterName and VocabularyFilterMethod go together."
    if "OutputKey" in request and "OutputBucketName" not in request:
        yield "OutputKey needs OutputBucketName."


def _missing(request: Mapping[str, Any]) -> Iterator[str]:
    yield from (name for name in _NOT_EMULATED if request.get(name))
    settings = request.get("Settings", {})
    yield from (f"Settings.{name}" for name in _NOT_EMULATED_SETTINGS if settings.get(name))
    if request.get("OutputBucketName") is None:
        yield "a bucket of the service's own (name OutputBucketName)"


def output_key(request: Mapping[str, Any]) -> str:
    """Where the transcript goes: `NAME.json`, below the key if that ends with a slash."""
    key: str = request.get("OutputKey", "")
    name = f"{request['TranscriptionJobName']}.json"
    return f"{key}{name}" if not key or key.endswith("/") else key


def subtitle_key(request: Mapping[str, Any], suffix: str) -> str:
    """Beside the transcript."""
    return f"{output_key(request).removesuffix('.json')}.{suffix}"


def check_key(request: Mapping[str, Any]) -> str:
    """The empty object that Transcribe leaves to see whether it may write."""
    folder, slash, _ = output_key(request).rpartition("/")
    return f"{folder}{slash}.write_access_check_file.temp"
