"""Text files as they arrive: of a size that is read at once, in UTF-8, their faults told together.

What is wrong raises ProblemError of the code `invalid-request`.
"""

from collections.abc import Sequence

from tidegate.ai.kind import Arrived
from tidegate.ai.ports import ServicePorts
from tidegate.ai.problems import invalid

_MOST_FAULTS = 20


def text_of(
    arrived: Arrived,
    ports: ServicePorts,
    *,
    most_bytes: int,
    advice: str | None = "send it in parts",
    encoding: str = "utf-8",
) -> str:
    """The file's text. `encoding` is utf-8-sig for files that spreadsheets write.

    `advice` is what its sender may do about a file that is too large.
    """
    if arrived.size > most_bytes:
        size = f"the file has {arrived.size} bytes, at most {most_bytes}"
        raise invalid([size if advice is None else f"{size}: {advice}"])
    try:
        return ports.files.read(arrived.key).decode(encoding)
    except UnicodeDecodeError as error:
        raise invalid(["the file is not UTF-8"]) from error


def refuse(faults: Sequence[str]) -> None:
    """Nothing where there are none; else the first ones are told, and how many there are beside."""
    if faults:
        more = len(faults) - _MOST_FAULTS
        raise invalid([*faults[:_MOST_FAULTS], *([f"and {more} more"] if more > 0 else [])])
