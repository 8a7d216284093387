"""Subtitles of a transcript: WebVTT and SubRip."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from emulator.ai.transcribe.transcript import Item, text_of

MOST_CHARACTERS = 80
"""Of one subtitle: two lines of 40."""
MOST_SECONDS = 7.0
_SENTENCE_ENDS = frozenset(".?!")


@dataclass(frozen=True, kw_only=True, slots=True)
class Cue:
    """One subtitle, in seconds of the sound."""

    start: float
    end: float
    text: str


def cues_of(items: Sequence[Item]) -> list[Cue]:
    """Subtitles end with sentences and segments, or when they get too long to read."""
    return [
        Cue(start=run[0].start, end=run[-1].end, text=text_of(run)) for run in _runs(items) if run
    ]


def _runs(items: Sequence[Item]) -> Iterator[list[Item]]:
    run: list[Item] = []
    for item in items:
        if run and item.is_word and _ends(run, item):
            yield run
            run = []
        run.append(item)
    yield run


def _ends(run: Sequence[Item], following: Item) -> bool:
    last = run[-1]
    return (
        last.segment != following.segment
        or last.content in _SENTENCE_ENDS
        or len(text_of([*run, following])) > MOST_CHARACTERS
        or following.end - run[0].start > MOST_SECONDS
    )


def vtt(cues: Sequence[Cue], first: int) -> str:
    """WebVTT, numbered from `first`."""
    return "WEBVTT\n\n" + _blocks(cues, first, ".")


def srt(cues: Sequence[Cue], first: int) -> str:
    """SubRip, numbered from `first`."""
    return _blocks(cues, first, ",")


def _blocks(cues: Sequence[Cue], first: int, point: str) -> str:
    return "".join(
        f"{number}\n{_time(cue.start, point)} --> {_time(cue.end, point)}\n{cue.text}\n\n"
        for number, cue in enumerate(cues, start=first)
    )


def _time(seconds: float, point: str) -> str:
    whole, thousandths = divmod(round(seconds * 1000), 1000)
    minutes, rest = divmod(whole, 60)
    return f"{minutes // 60:02}:{minutes % 60:02}:{rest:02}{point}{thousandths:03}"


WRITERS: Mapping[str, Callable[[Sequence[Cue], int], str]] = {"vtt": vtt, "srt": srt}
"""By the names of `SubtitleFormat`."""
