"""Transcripts as Transcribe writes them, and as people read them.

Shape: developer guide, "Transcription output".
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """What one speaker says without another between; from so many seconds of the recording on."""

    speaker: str | None
    begin: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Transcript:
    """A recording in words; `confidence` is the mean of Transcribe's own, 0 to 1, None of none."""

    language: str
    seconds: float
    words: int
    speakers: int
    confidence: float | None
    passages: tuple[Passage, ...]


def transcript_of(document: Mapping[str, Any]) -> Transcript:
    """The transcript in Transcribe's document."""
    results = document["results"]
    words = [item for item in results["items"] if item["type"] == "pronunciation"]
    sure = [float(word["alternatives"][0]["confidence"]) for word in words]
    return Transcript(
        language=str(results["language_code"]),
        seconds=max((float(word["end_time"]) for word in words), default=0.0),
        words=len(words),
        speakers=int(results.get("speaker_labels", {}).get("speakers", 0)),
        confidence=round(sum(sure) / len(sure), 4) if sure else None,
        passages=_passages(results.get("audio_segments", ())),
    )


def _passages(segments: Sequence[Mapping[str, Any]]) -> tuple[Passage, ...]:
    """Segments of one speaker that follow one another are one passage."""
    made: list[Passage] = []
    for segment in segments:
        speaker, text = segment.get("speaker_label"), str(segment["transcript"])
        if made and made[-1].speaker == speaker:
            last = made.pop()
            made.append(
                Passage(speaker=speaker, begin=last.begin, text=f"{last.text} {text}".strip())
            )
        else:
            begin = float(segment["start_time"])
            made.append(Passage(speaker=speaker, begin=begin, text=text))
    return tuple(made)


def readable(transcript: Transcript) -> str:
    """A paragraph a passage, with its time and speaker; empty where nothing was said."""
    return "".join(f"{_head(passage)}{passage.text}\n\n" for passage in transcript.passages)


def _head(passage: Passage) -> str:
    minutes, seconds = divmod(int(passage.begin), 60)
    time = f"[{minutes // 60}:{minutes % 60:02}:{seconds:02}]"
    if passage.speaker is None:
        return f"{time} "
    return f"{time} Speaker {int(passage.speaker.rpartition('_')[2]) + 1}: "
