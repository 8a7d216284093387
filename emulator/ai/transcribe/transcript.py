"""The transcript as Transcribe writes it: items with times, segments, speakers, filtered words.

Shape: "Transcription output" in the developer guide. The words of a segment share its time by
their lengths.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from emulator.ai.transcribe.hearing import Heard, Segment

MASK = "***"
_TOKEN = re.compile(r"\w+(?:['.\u2019-]\w+)*|[.,?!;:]")


@dataclass(frozen=True, kw_only=True, slots=True)
class Item:
    """A word with its time, or a punctuation mark after one."""

    content: str
    speaker: str
    segment: int
    start: float
    end: float
    is_word: bool
    filtered: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Filter:
    """Words that are not shown: `remove`, `mask` or `tag`."""

    words: frozenset[str]
    method: str


def items_of(heard: Heard) -> list[Item]:
    """All words and marks in their order."""
    return [
        item
        for number, segment in enumerate(heard.segments)
        for item in _segment_items(segment, number)
    ]


def _segment_items(segment: Segment, number: int) -> Iterator[Item]:
    tokens = _TOKEN.findall(segment.text)
    letters = sum(len(token) for token in tokens if _is_word(token))
    spoken, end = 0, segment.start
    for token in tokens:
        start = end
        if _is_word(token):
            start = segment.start + (segment.end - segment.start) * spoken / letters
            spoken += len(token)
            end = segment.start + (segment.end - segment.start) * spoken / letters
        yield Item(
            content=token,
            speaker=segment.speaker,
            segment=number,
            start=start,
            end=end,
            is_word=_is_word(token),
        )


def _is_word(token: str) -> bool:
    return token[0].isalnum() or token[0] == "_"


def spelled(items: Sequence[Item], phrases: Iterable[str]) -> list[Item]:
    """Words of a vocabulary as it spells them; a hyphen in a phrase parts its words."""
    made = list(items)
    for phrase in phrases:
        parts = [part for part in re.split(r"[-\s]+", phrase) if part]
        for place in range(len(made) - len(parts) + 1):
            found = [item.content.lower() for item in made[place : place + len(parts)]]
            if parts and found == [part.lower() for part in parts]:
                for offset, part in enumerate(parts):
                    made[place + offset] = replace(made[place + offset], content=part)
    return made


def filtered(items: Sequence[Item], chosen: Filter | None) -> list[Item]:
    """The items without, or with masked or tagged, words of the filter."""
    if chosen is None:
        return list(items)
    made = []
    for item in items:
        if not (item.is_word and item.content.lower() in chosen.words):
            made.append(item)
        elif chosen.method == "mask":
            made.append(replace(item, content=MASK))
        elif chosen.method == "tag":
            made.append(replace(item, filtered=True))
    return made


def text_of(items: Iterable[Item]) -> str:
    """The items as a sentence: no space before a mark."""
    return "".join(f" {item.content}" if item.is_word else item.content for item in items).strip()


def results_of(
    items: Sequence[Item], *, language: str, most_speakers: int | None, identified: bool
) -> dict[str, Any]:
    """The member `results` of the transcript; speakers only if some are asked for."""
    labels = _labels(items, most_speakers)
    made: dict[str, Any] = {
        "language_code": language,
        "transcripts": [{"transcript": text_of(items)}],
    }
    if identified:
        made["language_identification"] = [{"score": "1.0", "code": language}]
    if labels:
        made["speaker_labels"] = _speaker_labels(items, labels)
    made["items"] = [_item(number, item, labels) for number, item in enumerate(items)]
    made["audio_segments"] = _audio_segments(items, labels)
    return made


def _labels(items: Sequence[Item], most_speakers: int | None) -> Mapping[str, str]:
    """`spk_0` and so on, in the order in which they speak; the last label takes all others."""
    if most_speakers is None:
        return {}
    names = list(dict.fromkeys(item.speaker for item in items))
    return {name: f"spk_{min(place, most_speakers - 1)}" for place, name in enumerate(names)}


def _item(number: int, item: Item, labels: Mapping[str, str]) -> dict[str, Any]:
    confidence = "1.0" if item.is_word else "0.0"
    made: dict[str, Any] = {
        "id": number,
        "type": "pronunciation" if item.is_word else "punctuation",
        "alternatives": [{"confidence": confidence, "content": item.content}],
    }
    if item.is_word:
        made |= {"start_time": seconds(item.start), "end_time": seconds(item.end)}
    if labels:
        made["speaker_label"] = labels[item.speaker]
    return {**made, "vocabularyFilterMatch": True} if item.filtered else made


def seconds(value: float) -> str:
    """As Transcribe writes times: seconds with three digits."""
    return f"{value:.3f}"


def _runs(items: Sequence[Item]) -> Iterator[list[tuple[int, Item]]]:
    """The items of each segment, with their ids."""
    run: list[tuple[int, Item]] = []
    for number, item in enumerate(items):
        if run and run[-1][1].segment != item.segment:
            yield run
            run = []
        run.append((number, item))
    if run:
        yield run


def _audio_segments(items: Sequence[Item], labels: Mapping[str, str]) -> list[dict[str, Any]]:
    made = []
    for number, run in enumerate(_runs(items)):
        segment: dict[str, Any] = {
            "id": number,
            "transcript": text_of(item for _, item in run),
            "start_time": seconds(run[0][1].start),
            "end_time": seconds(run[-1][1].end),
            "items": [place for place, _ in run],
        }
        if labels:
            segment["speaker_label"] = labels[run[0][1].speaker]
        made.append(segment)
    return made


def _speaker_labels(items: Sequence[Item], labels: Mapping[str, str]) -> dict[str, Any]:
    segments = []
    for run in _runs(items):
        label = labels[run[0][1].speaker]
        words = [
            {
                "speaker_label": label,
                "start_time": seconds(item.start),
                "end_time": seconds(item.end),
            }
            for _, item in run
            if item.is_word
        ]
        segments.append(
            {
                "start_time": seconds(run[0][1].start),
                "end_time": seconds(run[-1][1].end),
                "speaker_label": label,
                "items": words,
            }
        )
    return {
        "segments": segments,
        "channel_label": "ch_0",
        "speakers": len(set(labels.values())),
    }
