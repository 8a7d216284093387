"""One instance of a job: its container, and the objects that it transforms.

At most `MaxConcurrentTransforms` requests are under way, and one more group of mini-batches is read
or written meanwhile, the first of the next object too: the model does not wait for S3. An object's
answers are written in the order of its records. What a group is: a mini-batch, or as many small
ones as are about one payload together.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

from botocore.exceptions import ClientError

from emulator.sagemaker.serving.fleet import InvocationTimeoutError
from emulator.sagemaker.serving.wire import Answer, render
from emulator.sagemaker.transform import failures, naming, reading
from emulator.sagemaker.transform.failures import JobFailedError
from emulator.sagemaker.transform.naming import InputObject
from emulator.sagemaker.transform.processing import BadRecordError
from emulator.sagemaker.transform.reading import BadGzipError
from emulator.sagemaker.transform.recipe import Assembly, Recipe
from emulator.sagemaker.transform.splitting import TooMuchDataError
from emulator.sagemaker.transform.writing import OutputObject

MOST_IN_A_GROUP = 256
RECOVERY_SECONDS = 60.0
"""How long, on the wall's clock, a request waits for a container that is being replaced."""
_LOOK_SECONDS = 0.02
_SERVER_ERROR = 500

BAD_DATA = (TooMuchDataError, BadRecordError, BadGzipError)

Log = Callable[[Sequence[str]], None]


class Asked(Protocol):
    """The fleet behind an instance, as the data plane has it."""

    @property
    def instance_count(self) -> int:
        """How many of its containers are healthy now."""
        ...

    async def invoke(self, request: bytes) -> Answer:
        """The container's answer, or why there is none."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Surroundings:
    """What the instances of one job share: S3 as the execution role, threads for it, the log."""

    client: Any
    role_arn: str
    in_thread: Callable[[Callable[[], Any]], Any]
    """Runs what blocks, awaited for its result."""


class Instance:
    """Transforms objects, one container behind it."""

    def __init__(
        self, recipe: Recipe, surroundings: Surroundings, *, fleet: Asked, log: Log
    ) -> None:
        self._recipe = recipe
        self._around = surroundings
        self._fleet = fleet
        self._log = log
        self._asking = asyncio.Semaphore(recipe.concurrency)
        self._groups = asyncio.Semaphore(recipe.concurrency + 1)

    async def transform(self, objects: Sequence[InputObject]) -> list[JobFailedError]:
        """Every object is transformed, or told of in the failures; one does not stop the others."""
        self._log([self._recipe.summary])
        found: list[JobFailedError] = []
        queue = iter(objects)
        workers = min(self._recipe.concurrency, len(objects))
        await together([partial(self._work, queue, found) for _ in range(workers)])
        return found

    async def _work(self, queue: Iterator[InputObject], found: list[JobFailedError]) -> None:
        """One object after the other; the next is asked about while the last one is written."""
        tasks: deque[asyncio.Task[None]] = deque()
        try:
            for source in queue:
                asked = asyncio.Event()
                tasks.append(asyncio.create_task(self._told(source, found, asked)))
                await asked.wait()
                if len(tasks) > 1:
                    await tasks.popleft()
            while tasks:
                await tasks.popleft()
        finally:
            await _ended(tasks)

    async def _told(
        self, source: InputObject, found: list[JobFailedError], asked: asyncio.Event
    ) -> None:
        """The object is transformed, or told of; `asked` once the model has all of it."""
        try:
            await self._transform_one(source, asked)
        except JobFailedError as failure:
            self._log([f"{source.bucket}/{source.key}: {line}" for line in failure.lines])
            found.append(failure)
        finally:
            asked.set()

    async def _transform_one(self, source: InputObject, asked: asyncio.Event) -> None:
        recipe, around = self._recipe, self._around
        key = naming.output_key(recipe.output, source.name)
        output = OutputObject(
            around.client, recipe.output.bucket, key, kms_key_id=recipe.kms_key_id
        )
        stream = _Stream(self, reading.mini_batches(around.client, source, recipe), output)
        try:
            await stream.ask()
            asked.set()
            await stream.finish()
            await around.in_thread(output.close)
        except BaseException as error:
            await stream.drop()
            await self._abort(output)
            if isinstance(error, ClientError):
                reading_it = error.operation_name == "GetObject"
                uri = source.uri if reading_it else f"s3://{recipe.output.bucket}/{key}"
                raise failures.refused_by_s3(error, uri, role_arn=around.role_arn) from error
            if isinstance(error, BAD_DATA):
                raise JobFailedError(failures.BAD_DATA, (str(error),)) from error
            raise

    async def _abort(self, output: OutputObject) -> None:
        """No part of the output is left, also when the job was stopped in the middle."""
        try:
            await asyncio.shield(self._around.in_thread(output.abort))
        except ClientError as error:
            self._log([f"the upload was left unfinished: {error}"])
        except RuntimeError:
            return  # the cloud ends, and its S3 with it: no thread is left to ask by

    async def answers(self, group: list[bytes]) -> bytes:
        """What is to be written for the mini-batches, in their order."""
        processing = self._recipe.processing
        payloads = group
        if processing is not None:
            payloads = await self._in_thread(lambda: [processing.request(b) for b in group])
        bodies = await together([partial(self._ask, payload) for payload in payloads])
        if processing is not None:
            bodies = await self._in_thread(
                lambda: [processing.answer(b, body) for b, body in zip(group, bodies, strict=True)]
            )
        return b"".join(self._assembled(body) for body in bodies)

    async def next_group(self, batches: Iterator[bytes]) -> list[bytes]:
        """Read on; empty at the end."""
        limit = self._recipe.max_payload_bytes
        read = partial(reading.next_group, batches, limit, MOST_IN_A_GROUP)
        group: list[bytes] = await self._around.in_thread(read)
        return group

    @property
    def groups(self) -> asyncio.Semaphore:
        """How many groups may be in memory."""
        return self._groups

    async def write(self, output: OutputObject, data: bytes) -> None:
        """The data is in the output, or waits for a part to be full."""
        if output.add(data):
            await self._around.in_thread(output.flush)

    async def _in_thread(self, work: Callable[[], list[bytes]]) -> list[bytes]:
        result: list[bytes] = await self._around.in_thread(work)
        return result

    def _assembled(self, body: bytes) -> bytes:
        if self._recipe.assembly is Assembly.LINE and not body.endswith(b"\n"):
            return body + b"\n"
        return body

    async def _ask(self, payload: bytes) -> bytes:
        """The body of a good answer; requests that fail on the container's side are repeated."""
        async with self._asking:
            request = render("POST", "/invocations", self._recipe.headers, payload)
            left = self._recipe.retries
            while True:
                answer = await self._answer(request)
                if isinstance(answer, Answer):
                    if 200 <= answer.status < 300:
                        return answer.body
                    failure = failures.bad_status(answer.status, answer.body)
                    left = 0 if answer.status < _SERVER_ERROR else left
                else:
                    failure = answer
                if left == 0:
                    raise failure
                left -= 1

    async def _answer(self, request: bytes) -> Answer | JobFailedError:
        """What the container answered, or what is told if there is no other try."""
        try:
            if self._fleet.instance_count == 0:
                await self._recovery()
            return await self._fleet.invoke(request)
        except InvocationTimeoutError:
            limit = self._recipe.timeout_seconds
            return failures.no_answer(f"none came in {limit:g} seconds")
        except ConnectionError as error:
            return failures.no_answer(error)

    async def _recovery(self) -> None:
        """A container is healthy again; JobFailedError if none is in time."""
        try:
            async with asyncio.timeout(RECOVERY_SECONDS):
                while self._fleet.instance_count == 0:  # noqa: ASYNC110 - health is a number
                    await asyncio.sleep(_LOOK_SECONDS)
        except TimeoutError as error:
            limit = RECOVERY_SECONDS
            raise failures.no_answer(f"the container was not back in {limit:g} seconds") from error


class _Stream:
    """One object on its way through an instance."""

    def __init__(self, instance: Instance, batches: Iterator[bytes], output: OutputObject) -> None:
        self._instance = instance
        self._batches = batches
        self._output = output
        self._asked: deque[asyncio.Task[bytes]] = deque()
        self._held = 0

    async def ask(self) -> None:
        """The model has the whole object, or is about to; some answers are written."""
        while True:
            await self._make_room()
            group = await self._instance.next_group(self._batches)
            if not group:
                break
            self._asked.append(asyncio.create_task(self._instance.answers(group)))

    async def finish(self) -> None:
        """Every answer has been given to the output."""
        self._release(self._held - len(self._asked))
        while self._asked:
            await self._write_head()

    async def drop(self) -> None:
        """Nothing of it is under way."""
        await _ended(self._asked)
        self._release(self._held)

    async def _make_room(self) -> None:
        """Another group may be held; answers that are there meanwhile have been written."""
        room = asyncio.ensure_future(self._instance.groups.acquire())
        try:
            while not room.done() or (self._asked and self._asked[0].done()):
                head = list(self._asked)[:1]
                await asyncio.wait([room, *head], return_when=asyncio.FIRST_COMPLETED)
                if self._asked and self._asked[0].done():
                    await self._write_head()
        except BaseException:
            await _ended([room])
            self._held += not room.cancelled()
            raise
        self._held += 1

    async def _write_head(self) -> None:
        await self._instance.write(self._output, await self._asked[0])
        self._asked.popleft()
        self._release(1)

    def _release(self, count: int) -> None:
        self._held -= count
        for _ in range(count):
            self._instance.groups.release()


async def together(works: Sequence[Callable[[], Any]]) -> list[Any]:
    """The results of all, in order; none goes on when one has failed or this is cancelled."""
    if len(works) == 1:
        return [await works[0]()]
    tasks = [asyncio.ensure_future(work()) for work in works]
    try:
        return list(await asyncio.gather(*tasks))
    finally:
        await _ended(tasks)


async def _ended(tasks: "Collection[asyncio.Future[Any]]") -> None:
    for task in tasks:
        task.cancel()
    if tasks:
        await asyncio.wait(tasks)
        for task in tasks:
            if not task.cancelled():
                task.exception()  # retrieved: the first failure is the one that is told
