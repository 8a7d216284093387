"""Lines of containers on their way to CloudWatch Logs."""

import asyncio
import os

from emulator.sagemaker.serving.interface import LogLines
from emulator.sagemaker.serving.logs import MAX_EVENT_BYTES, LogStream, open_log


def logged(*writes: bytes) -> list[tuple[int, str]]:
    """The events that these writes to a container's output become."""
    events: list[tuple[int, str]] = []
    ended = asyncio.Event()

    def sink(lines: LogLines) -> None:
        events.extend(lines.events)
        if lines.events[-1][1] == "end":
            ended.set()

    async def story() -> None:
        stream = LogStream(tenant=None, group="g", name="s", sink=sink, now=lambda: 12.3456)
        descriptor = open_log(stream)
        for chunk in writes:
            await asyncio.to_thread(os.write, descriptor, chunk)
            await asyncio.sleep(0)
        os.write(descriptor, b"\nend")
        os.close(descriptor)
        await asyncio.wait_for(ended.wait(), 5)

    asyncio.run(story())
    return events


def test_lines_are_whole_however_they_were_written() -> None:
    """A line in three writes is one event; the time is in milliseconds."""
    assert logged(b"a ", b"li", b"ne\nsecond\r\n") == [
        (12345, "a line"),
        (12345, "second"),
        (12345, "end"),
    ]


def test_blank_lines_are_no_events() -> None:
    """CloudWatch refuses empty messages."""
    assert [text for _, text in logged(b"\n\n\n")] == ["end"]


def test_bytes_that_are_no_text_are_replaced() -> None:
    """A log line never fails."""
    assert logged(b"\xff\n")[0][1] == "\N{REPLACEMENT CHARACTER}"


def test_an_endless_line_is_cut() -> None:
    """No event exceeds CloudWatch's limit, and nothing of the line is lost."""
    texts = [text for _, text in logged(*[b"x" * 60_000] * 10)]
    assert sum(len(text) for text in texts[:-1]) == 600_000
    assert all(len(text) <= MAX_EVENT_BYTES for text in texts)
