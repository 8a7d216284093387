"""The route to a recording's files: links by which a browser or player reads them."""

from collections.abc import Mapping
from dataclasses import dataclass

from tidegate.ai.files import Wanted, outcome_of
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import not_found


@dataclass(frozen=True, slots=True, kw_only=True)
class TalkLinks:
    """Links for 15 minutes: `text`, `transcript` (JSON), and each format of subtitles."""

    language: str
    speakers: int
    links: Mapping[str, str]


def talk_links(wanted: Wanted, ports: ServicePorts) -> TalkLinks:
    """Links to what was made of a recording, once it is done."""
    outcome = outcome_of(wanted, ports)
    result = outcome.result
    if not isinstance(result, Mapping):
        raise not_found(f"there is no transcript yet: the recording's status is {outcome.status}")
    keys = {"text": result["text"], "transcript": result["transcript"], **result["subtitles"]}
    return TalkLinks(
        language=str(result["language"]),
        speakers=int(result["speakers"]),
        links={name: ports.files.link(key, upload=False) for name, key in keys.items()},
    )
