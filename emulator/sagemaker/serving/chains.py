"""The containers of an inference pipeline on one instance: they live and die together.

A request goes to the first; what each answers is what the next is asked, with its media type
(developer guide, "Inference pipelines": SageMaker handles invocations as a sequence of HTTP
requests). An answer that is no success ends the chain and is the caller's. What the caller accepts
is told to the last container only, so that those before it answer in the media type of their
SAGEMAKER_DEFAULT_INVOCATIONS_ACCEPT; AWS does not document that header's way, this is what its
example of serial inference relies on.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

from emulator.sagemaker.serving.containers import Container
from emulator.sagemaker.serving.wire import Answer

_HEAD_END = b"\r\n\r\n"
_OF_THE_BODY = frozenset({b"content-type", b"content-length"})
_ACCEPT = b"accept"


class Chain:
    """Started containers, in the order in which a request goes through them."""

    def __init__(self, containers: Sequence[Container]) -> None:
        self._containers = tuple(containers)
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        for container in self._containers:
            container.ended.add_done_callback(self._one_ended)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes of all of them."""
        return tuple(container.pid for container in self._containers)

    @property
    def alive(self) -> bool:
        """Whether every one of them runs."""
        return all(container.alive for container in self._containers)

    async def ping(self) -> int | None:
        """200 when all answer so; else what the first that does not answers."""
        statuses = await asyncio.gather(*(container.ping() for container in self._containers))
        return next((status for status in statuses if status != 200), 200)

    async def exchange(self, request: bytes) -> Answer:
        """The last container's answer, or the first that is no success."""
        head, _, body = request.partition(_HEAD_END)
        lines = head.split(b"\r\n")
        first, accept = _without(lines, _ACCEPT), _of(lines, _ACCEPT)
        last = self._containers[-1]
        answer = await self._containers[0].exchange(_joined(first, body))
        for container in self._containers[1:]:
            if not 200 <= answer.status < 300:
                return answer
            kept = [line for line in first if _name(line) not in _OF_THE_BODY]
            kept += accept if container is last else []
            media_type = answer.headers.get("content-type")
            if media_type is not None:
                kept.append(f"Content-Type: {media_type}".encode("latin-1"))
            kept.append(f"Content-Length: {len(answer.body)}".encode())
            answer = await container.exchange(_joined(kept, answer.body))
        return answer

    async def end(self) -> None:
        """Every process group is gone, and their files."""
        await asyncio.gather(*(container.end() for container in self._containers))

    def _one_ended(self, ended: asyncio.Future[int]) -> None:
        if not self.ended.done() and not ended.cancelled():
            self.ended.set_result(ended.result())


async def start_chain(starts: Sequence[Callable[[], Awaitable[Container]]]) -> Chain:
    """All containers run, not yet healthy; where one cannot be started, none is left."""
    results = await asyncio.gather(*(start() for start in starts), return_exceptions=True)
    started = [result for result in results if isinstance(result, Container)]
    failed = [result for result in results if isinstance(result, BaseException)]
    if failed:
        await asyncio.gather(*(container.end() for container in started))
        raise failed[0]
    return Chain(started)


def _without(lines: Sequence[bytes], name: bytes) -> list[bytes]:
    """The lines of a request's head without those of a header."""
    return [line for line in lines if _name(line) != name]


def _of(lines: Sequence[bytes], name: bytes) -> list[bytes]:
    """Those of a header."""
    return [line for line in lines if _name(line) == name]


def _joined(lines: Sequence[bytes], body: bytes) -> bytes:
    """A request of head and body."""
    return b"\r\n".join(lines) + _HEAD_END + body


def _name(line: bytes) -> bytes:
    return line.partition(b":")[0].lower()
