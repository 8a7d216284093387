"""Files of posts: JSON Lines, judged in portions, stored without personal data."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tidegate.ai.comprehend.judging import count_negative, sentiments
from tidegate.ai.comprehend.posts import Judged, Post
from tidegate.ai.comprehend.reading import Readable, readable
from tidegate.ai.comprehend.redaction import redacted
from tidegate.ai.comprehend.settings import REDACTED, ComprehendSettings
from tidegate.ai.kind import Arrived, Done, Progress, Waiting
from tidegate.ai.ports import ServicePorts
from tidegate.ai.texts import refuse, text_of
from tidegate.ai.typed import read, to_json
from tidegate.errors import InvalidValueError

JUDGED = "judged/"
"""What keys of judged posts begin with."""
MOST_BYTES = 20_000_000
PORTION = 200
"""Posts of one step: some ten seconds of calls, of the two minutes that a function has."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PostsResult:
    """What came of a file of posts; `judged` are the keys of JSON Lines with each post."""

    posts: int
    sentiments: Mapping[str, int]
    languages: Mapping[str, int]
    negative_percent: float
    personal_data: Mapping[str, int]
    judged: tuple[str, ...]


def begin(arrived: Arrived, ports: ServicePorts) -> Progress:
    """The first portion is judged, if every line of the file is a post."""
    return look(arrived, {"next": 0}, ports)


def look(arrived: Arrived, state: Mapping[str, Any], ports: ServicePorts) -> Progress:
    """The next portion is judged; the last one brings the result."""
    posts = _posts(arrived, ports)
    first = int(state["next"])
    portion = posts[first : first + PORTION]
    if portion:
        _store(arrived, first, portion, ports)
    if first + PORTION < len(posts):
        return Waiting(state={"next": first + PORTION}, seconds=0)
    return Done(result=_result(arrived, len(posts), ports))


def _posts(arrived: Arrived, ports: ServicePorts) -> tuple[Post, ...]:
    text = text_of(arrived, ports, most_bytes=MOST_BYTES)
    posts: list[Post] = []
    faults: list[str] = []
    for number, line in enumerate(text.splitlines(), start=1):
        if line.strip():
            _read(line, number, posts, faults)
    refuse(faults)
    return tuple(posts)


def _read(line: str, number: int, posts: list[Post], faults: list[str]) -> None:
    """A line is a post in JSON, or its text alone in JSON."""
    try:
        given = json.loads(line)
        posts.append(read(Post, {"text": given} if isinstance(given, str) else given, what="post"))
    except InvalidValueError as error:
        faults.extend(f"line {number}: {fault}" for fault in error.faults)
    except ValueError:
        faults.append(f"line {number} is no JSON")


def _store(arrived: Arrived, first: int, posts: Sequence[Post], ports: ServicePorts) -> None:
    settings: ComprehendSettings = ports.settings
    texts = [(post.text, post.language) for post in posts]
    natively = readable(texts, ports, languages=settings.languages)
    judged = sentiments(natively, ports)
    lines = [
        _line(post, found, text, ports)
        for post, found, text in zip(posts, judged, natively, strict=True)
    ]
    content = "".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines)
    key = _key(arrived, first)
    kind = "application/x-ndjson"
    if ports.files.write_once(key, content.encode(), content_type=kind):
        count_negative(judged, ports)


def _line(post: Post, judged: Judged, text: Readable, ports: ServicePorts) -> dict[str, Any]:
    """What is stored of a post: its judgement, and its text without personal data."""
    if text.language not in REDACTED:
        text = readable([(post.text, text.language)], ports, languages=REDACTED)[0]
    clean = redacted(text, ports)
    named = replace(judged, id=post.id)
    return {**to_json(named), "text": clean.text, "redacted": list(clean.found)}


def _key(arrived: Arrived, first: int) -> str:
    return f"{JUDGED}{arrived.name}/{arrived.work}/{first:07d}.jsonl"


def _result(arrived: Arrived, count: int, ports: ServicePorts) -> PostsResult:
    """The sums over all portions, as they are stored."""
    keys = tuple(_key(arrived, first) for first in range(0, count, PORTION))
    rows = [json.loads(line) for key in keys for line in ports.files.read(key).splitlines()]
    sums = Counter(row["sentiment"] for row in rows)
    return PostsResult(
        posts=len(rows),
        sentiments=dict(sorted(sums.items())),
        languages=dict(sorted(Counter(row["language"] for row in rows).items())),
        negative_percent=100 * sums["negative"] / len(rows) if rows else 0.0,
        personal_data=dict(sorted(Counter(kind for r in rows for kind in r["redacted"]).items())),
        judged=keys,
    )
