"""Polly's operations: limits and refusals as AWS has them, and the sound that is answered."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.ai.frame import Answer, Call, Operation
from emulator.ai.pages import Paging
from emulator.ai.polly import encoding, lexicons, ssml
from emulator.ai.polly.lexicons import Lexicon, Lexicons
from emulator.ai.polly.script import Script
from emulator.ai.polly.speaking import Mouth, Speech, spoken
from emulator.ai.polly.voices import VOICES, Voice
from emulator.ai.site import Tenant
from emulator.ai.spoken import Note, Spoken
from emulator.jsonapi import NOT_EMULATED, Json, RefusedRequestError, not_emulated

TEXT_CHARACTERS = 6_000
"""Of SynthesizeSpeech, all of them; half as many are billed ("Quotas in Amazon Polly")."""
TASK_CHARACTERS = 200_000
KEPT = "kept by the embedded cloud"
"""The engine of answers in which nothing is spoken."""
MARKS_TYPE = "application/x-json-stream"

_PAGES = Paging(most=100, code="InvalidNextTokenException")


@dataclass(frozen=True, kw_only=True, slots=True)
class Wish:
    """A request for speech that can be fulfilled: checked, with its defaults."""

    voice: Voice
    engine: str
    language: str
    format: str
    rate: int
    marks: frozenset[str]
    script: Script
    lexicons: tuple[Lexicon, ...]

    @property
    def characters(self) -> int:
        """Those that are billed: tags of SSML are not."""
        return len(self.script.text)


@dataclass(frozen=True, kw_only=True, slots=True)
class Polly:
    """The operations that answer at once."""

    lexicons: Lexicons
    mouth: Mouth

    def operations(self) -> Mapping[str, Operation]:
        """By name."""
        return {
            "SynthesizeSpeech": self._synthesize,
            "DescribeVoices": _describe_voices,
            "PutLexicon": self._put_lexicon,
            "GetLexicon": self._get_lexicon,
            "ListLexicons": self._list_lexicons,
            "DeleteLexicon": self._delete_lexicon,
        }

    def wish(self, request: Mapping[str, Any], tenant: Tenant, *, most: int) -> Wish:
        """What the request asks for; RefusedRequestError says why it can't be."""
        voice, engine = VOICES[request["VoiceId"]], request.get("Engine", ssml.STANDARD)
        if engine not in voice.engines:
            raise RefusedRequestError(
                "ValidationException", f"This voice does not support the selected engine: {engine}"
            )
        script = _script(request, voice, engine=engine, most=most)
        names = request.get("LexiconNames", [])
        return Wish(
            voice=voice,
            engine=engine,
            language=_language(request, voice),
            format=request["OutputFormat"],
            rate=_rate(request, engine),
            marks=_marks(request),
            script=script,
            lexicons=tuple(self.lexicons.get(tenant, name) for name in names),
        )

    def fulfilled(self, wish: Wish) -> bytes:
        """The sound, or the marks of it, as it was wished."""

        def rewrite(text: str, language: str) -> str:
            return lexicons.applied(text, wish.lexicons, language=language)

        speech = spoken(
            wish.script, wish.voice, self.mouth, language=wish.language, rewrite=rewrite
        )
        if wish.format == "json":
            return _mark_lines(speech, wish.marks)
        note = Note.of(Spoken(language=wish.language, text=" ".join(speech.said)))
        return encoding.encoded(speech.samples, wish.format, wish.rate, note=note)

    def _synthesize(self, call: Call) -> Answer:
        wish = self.wish(call.request, call.tenant, most=TEXT_CHARACTERS)
        body: Json = {
            "AudioStream": self.fulfilled(wish),
            "ContentType": media_type(wish.format),
            "RequestCharacters": wish.characters,
        }
        return Answer(body=body, engine=self.mouth.engine)

    def _put_lexicon(self, call: Call) -> Answer:
        self.lexicons.put(call.tenant, call.request["Name"], call.request["Content"])
        return Answer(body={}, engine=KEPT)

    def _get_lexicon(self, call: Call) -> Answer:
        found = self.lexicons.get(call.tenant, call.request["Name"])
        lexicon = {"Name": found.name, "Content": found.content}
        body = {"Lexicon": lexicon, "LexiconAttributes": found.attributes}
        return Answer(body=body, engine=KEPT)

    def _list_lexicons(self, call: Call) -> Answer:
        found = self.lexicons.of(call.tenant)
        body = _PAGES.page(found, call.request, member="Lexicons", shown=Lexicon.described)
        return Answer(body=body, engine=KEPT)

    def _delete_lexicon(self, call: Call) -> Answer:
        self.lexicons.delete(call.tenant, call.request["Name"])
        return Answer(body={}, engine=KEPT)


def media_type(name: str) -> str:
    """What the answer in a format is."""
    return MARKS_TYPE if name == "json" else encoding.FORMATS[name].media_type


def _describe_voices(call: Call) -> Answer:
    request = call.request
    engine, language = request.get("Engine"), request.get("LanguageCode")
    further = request.get("IncludeAdditionalLanguageCodes", False)
    found = [
        voice
        for voice in VOICES.values()
        if (engine is None or engine in voice.engines)
        and (language is None or language in voice.languages[: None if further else 1])
    ]
    body = _PAGES.page(found, request, member="Voices", shown=Voice.described)
    return Answer(body=body, engine=KEPT)


def _script(request: Mapping[str, Any], voice: Voice, *, engine: str, most: int) -> Script:
    text: str = request["Text"]
    script = None
    if len(text) <= most:
        script = _read(request, voice, engine=engine)
    if script is None or len(script.text) > most // 2:
        raise RefusedRequestError(
            "TextLengthExceededException",
            f"Maximum text length has been exceeded: at most {most // 2} characters are billed "
            f"and {most} taken, got {len(text)}",
        )
    return script


def _read(request: Mapping[str, Any], voice: Voice, *, engine: str) -> Script:
    if request.get("TextType", "text") == "text":
        return Script.plain(request["Text"])
    try:
        return ssml.script_of(request["Text"], engine=engine, voice=voice.id)
    except ssml.UnsupportedFeatureError as error:
        raise RefusedRequestError(
            "InvalidSsmlException", f"Unsupported {engine.capitalize()} feature: {error}"
        ) from error
    except ssml.BadSsmlError as error:
        raise RefusedRequestError(
            "InvalidSsmlException", f"Invalid SSML request: {error}"
        ) from error


def _language(request: Mapping[str, Any], voice: Voice) -> str:
    language: str = request.get("LanguageCode", voice.language)
    if language not in voice.languages:
        raise RefusedRequestError(
            "LanguageNotSupportedException",
            f"{voice.id} speaks {' and '.join(voice.languages)}, got {language}",
        )
    return language


def _rate(request: Mapping[str, Any], engine: str) -> int:
    name = request["OutputFormat"]
    if name == "json":
        return 0
    text = request.get("SampleRate")
    if text is None:
        return encoding.default_rate(name, engine)
    rates = encoding.FORMATS[name].rates
    if text not in {str(rate) for rate in rates}:
        raise RefusedRequestError(
            "InvalidSampleRateException",
            f"The sample rates of {name} are {', '.join(map(str, rates))}, got {text}",
        )
    return int(text)


def _marks(request: Mapping[str, Any]) -> frozenset[str]:
    wanted = frozenset(request.get("SpeechMarkTypes", []))
    if wanted and request["OutputFormat"] != "json":
        raise RefusedRequestError(
            "MarksNotSupportedForFormatException",
            "Speech marks are not supported for the OutputFormat selected. "
            "Speech marks are only available for content in json format.",
        )
    if request["OutputFormat"] == "json" and not wanted:
        raise RefusedRequestError(
            "ValidationException", "SpeechMarkTypes must be given when the OutputFormat is json"
        )
    if "ssml" in wanted and request.get("TextType", "text") != "ssml":
        raise RefusedRequestError(
            "SsmlMarksNotSupportedForTextTypeException",
            "SSML speech marks are not supported for plain text-type input.",
        )
    if "viseme" in wanted:
        raise RefusedRequestError(NOT_EMULATED, not_emulated("speech marks of the type viseme"))
    return wanted


def _mark_lines(speech: Speech, marks: frozenset[str]) -> bytes:
    """One line of JSON each, times in milliseconds ("Speech mark output" in the guide)."""
    lines = [
        json.dumps(
            {
                "time": round(moment.seconds * 1000),
                "type": moment.kind,
                "start": moment.begin,
                "end": moment.end,
                "value": moment.value,
            },
            ensure_ascii=False,
            separators=(",", ":"),
        )
        for moment in speech.timeline
        if moment.kind in marks
    ]
    return "".join(f"{line}\n" for line in lines).encode()
