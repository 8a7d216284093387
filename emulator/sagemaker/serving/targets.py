"""A container of several models on one instance: each is loaded when a request first asks for it.

Follows the developer guide ("Multi-model endpoints", "Custom Containers Contract for Multi-Model
Endpoints"). A model's object is read once an instance, when it is first asked for; a container that
has no room for it is told to unload the model that was asked for the longest ago. An unloaded
model stays on the instance's disk and is loaded from there again: whoever changes an object under
its old name goes on with the old model, as on AWS. There, files go when the disk is full; here,
with the instance.
"""

import asyncio
import hashlib
import json
import shutil
from collections import Counter
from pathlib import Path

from emulator.sagemaker.ports import Targets
from emulator.sagemaker.serving.artifacts import unpack_archive
from emulator.sagemaker.serving.chains import Chain
from emulator.sagemaker.serving.containers import Container
from emulator.sagemaker.serving.wire import Answer, render

TARGET_MODEL = "X-Amzn-SageMaker-Target-Model"
_MODELS_DIR = "/opt/ml/models"
_HEAD_END = b"\r\n\r\n"
_LOADED_ALREADY = 409
_NO_ROOM = 507


class MultiModel:
    """A started container, and which models it holds."""

    def __init__(self, container: Container, targets: Targets) -> None:
        self._container = container
        self._targets = targets
        self._loaded: dict[str, None] = {}  # names, the one asked for the longest ago first
        self._unpacked: set[str] = set()
        self._users: Counter[str] = Counter()  # requests under way; such a model is not unloaded
        self._loading: dict[str, asyncio.Task[Answer | None]] = {}
        self._changing = asyncio.Lock()

    @property
    def pids(self) -> tuple[int, ...]:
        """The process of all models."""
        return self._container.pids

    @property
    def alive(self) -> bool:
        """Whether it runs."""
        return self._container.alive

    @property
    def ended(self) -> asyncio.Future[int]:
        """Done when it does not."""
        return self._container.ended

    async def ping(self) -> int | None:
        """The container's health, which no model has a part in."""
        return await self._container.ping()

    async def exchange(self, request: bytes) -> Answer:
        """The answer of the model that the request names, or of the container that can't load it.

        TargetMissingError without an object of that name, ArtifactError if it is no archive.
        """
        target = _target_of(request)
        name = name_of(target)
        self._users[name] += 1
        try:
            refusal = await self._load_once(name, target)
            if refusal is not None:
                return refusal
            return await self._container.exchange(_addressed(request, name))
        finally:
            self._users[name] -= 1
            if self._users[name] == 0:
                del self._users[name]

    async def end(self) -> None:
        """Nothing is loaded any more, the process group is gone, and its files."""
        loading = tuple(self._loading.values())
        for task in loading:
            task.cancel()
        await asyncio.gather(*loading, return_exceptions=True)
        await self._container.end()

    async def _load_once(self, name: str, target: str) -> Answer | None:
        """None when the model is loaded; requests that come meanwhile wait for the same loading."""
        if name in self._loaded:
            del self._loaded[name]
            self._loaded[name] = None
            return None
        if name not in self._loading:
            self._loading[name] = asyncio.create_task(self._load(name, target))
            self._loading[name].add_done_callback(lambda task: self._over(name, task))
        loading = self._loading[name]
        # Whoever waits no longer than an invocation may leaves the model for those to come.
        await asyncio.wait([loading])
        if loading.cancelled():
            raise ConnectionAbortedError("the instance ended before its model was loaded")
        return loading.result()

    def _over(self, name: str, task: asyncio.Task[Answer | None]) -> None:
        del self._loading[name]
        if not task.cancelled():
            task.exception()  # retrieved: perhaps nobody waits any more

    async def _load(self, name: str, target: str) -> Answer | None:
        await self._fetch(name, target)
        document = {"model_name": name, "url": f"{_MODELS_DIR}/{name}/model"}
        headers = {"Content-Type": "application/json", TARGET_MODEL: target}
        asked = render("POST", "/models", headers, json.dumps(document).encode())
        async with self._changing:
            answer = await self._container.exchange(asked)
            while answer.status == _NO_ROOM and await self._unload_one():
                answer = await self._container.exchange(asked)
            if 200 <= answer.status < 300 or answer.status == _LOADED_ALREADY:
                self._loaded[name] = None
                return None
        if answer.status != _NO_ROOM:
            await self._forget(name)  # a mended object of the same name is noticed
        return answer

    async def _fetch(self, name: str, target: str) -> None:
        if name in self._unpacked:
            return
        archive = await self._targets.fetch(target)
        try:
            await asyncio.to_thread(
                unpack_archive, archive, self._folder(name) / "model", url=self._targets.url(target)
            )
        except BaseException:
            await self._forget(name)
            raise
        self._unpacked.add(name)

    async def _unload_one(self) -> bool:
        """Whether there was a model that no request is under way to."""
        unused = next((name for name in self._loaded if self._users[name] == 0), None)
        if unused is None:
            return False
        del self._loaded[unused]
        await self._container.exchange(render("DELETE", f"/models/{unused}", {}))
        return True

    async def _forget(self, name: str) -> None:
        self._unpacked.discard(name)
        await asyncio.to_thread(shutil.rmtree, self._folder(name), ignore_errors=True)

    def _folder(self, name: str) -> Path:
        return self._container.home / "models" / name


Launched = Container | Chain | MultiModel
"""What answers for one instance."""


def name_of(target: str) -> str:
    """What the container knows the model by: opaque, as SageMaker's names are."""
    return hashlib.sha256(target.encode()).hexdigest()[:32]


def _target_of(request: bytes) -> str:
    """The header of the request; the data plane lets none through without it."""
    wanted = TARGET_MODEL.lower().encode()
    for line in request.partition(_HEAD_END)[0].split(b"\r\n"):
        name, _, value = line.partition(b":")
        if name.lower() == wanted:
            return value.strip().decode("latin-1")
    raise ValueError(f"a request to several models has no {TARGET_MODEL}")


def _addressed(request: bytes, name: str) -> bytes:
    """The request, to one model."""
    _, _, rest = request.partition(b"\r\n")
    return f"POST /models/{name}/invoke HTTP/1.1\r\n".encode() + rest
