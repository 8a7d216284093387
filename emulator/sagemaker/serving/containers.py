"""One container as the data plane sees it: start, ping, exchange, end.

Knows how SageMaker sets a container up (environment, unpacked artifact, log stream); does not know
fleets, weights or what an error means to a caller.
"""

import asyncio
import contextlib
import os
import shutil
import signal
import socket
from collections.abc import Mapping
from pathlib import Path

from emulator.sagemaker.ports import FleetSpec, ModelSpec
from emulator.sagemaker.serving.artifacts import unpack
from emulator.sagemaker.serving.logs import LogStream, open_log
from emulator.sagemaker.serving.runners import runner_for
from emulator.sagemaker.serving.wire import Answer, Connections, render
from emulator.sagemaker.serving.zygotes import Order, ZygoteHost, Zygotes

PING_SECONDS = 2.0
"""SageMaker's limit for an answer to /ping (developer guide, "Use your own inference code")."""
_BACKLOG = 128
_TERM_SECONDS = 0.5
_PING = render("GET", "/ping", {})
_UNPACKED_CODE = "/opt/ml/model/code"


def container_environment(spec: FleetSpec, model: ModelSpec, model_dir: Path) -> dict[str, str]:
    """All the variables of a container: the model's own over what SageMaker and the image set."""
    environment = {
        "PATH": os.defpath,
        "LANG": "C.UTF-8",
        "HOME": str(model_dir.parent),
        "SM_MODEL_DIR": str(model_dir),
        "SAGEMAKER_BIND_TO_PORT": "8080",
    }
    if spec.tenant is not None:
        region = spec.tenant.region
        environment |= {"AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    return environment | dict(model.environment) | _of_many_models(model)


def _of_many_models(model: ModelSpec) -> dict[str, str]:
    """What a container of several models is told; the real one fetches its program itself."""
    told = {} if model.targets is None else {"SAGEMAKER_MULTI_MODEL": "true"}
    if model.code_path is not None:
        told["SAGEMAKER_SUBMIT_DIRECTORY"] = _UNPACKED_CODE
    return told


class Container:
    """A started container."""

    def __init__(self, *, pid: int, port: int, home: Path, ended: asyncio.Future[int]) -> None:
        self.pid = pid
        self.port = port
        self.home = home
        """Its folder on this machine, gone with it."""
        self.ended = ended
        self._connections = Connections(port)

    @property
    def pids(self) -> tuple[int, ...]:
        """The process that it is."""
        return (self.pid,)

    @property
    def alive(self) -> bool:
        """Whether its process runs."""
        return not self.ended.done()

    async def ping(self) -> int | None:
        """The status of /ping, or None when no answer came in time."""
        try:
            async with asyncio.timeout(PING_SECONDS):
                return (await self._connections.exchange(_PING)).status
        except (OSError, TimeoutError):
            return None

    async def exchange(self, request: bytes) -> Answer:
        """The answer to one request; ConnectionError when the container can't give it."""
        return await self._connections.exchange(request)

    async def end(self) -> None:
        """The process group is gone and its files are deleted."""
        self._signal(signal.SIGTERM)
        await asyncio.wait([self.ended], timeout=_TERM_SECONDS)
        self._signal(signal.SIGKILL)
        await self.ended
        self._connections.close()
        await asyncio.to_thread(shutil.rmtree, self.home, ignore_errors=True)

    def _signal(self, number: signal.Signals) -> None:
        if self.alive:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, number)


async def start_container(
    spec: FleetSpec, model: ModelSpec, *, home: Path, zygotes: Zygotes, log: LogStream
) -> Container:
    """The container of a model runs in `home`, not yet healthy.

    ArtifactError if it has nothing to run, EnvironmentMissingError if nothing can run it here.
    """
    model_dir = home / "model"
    try:
        await asyncio.to_thread(unpack, model, model_dir)
        zygote = await zygotes.host(runner_for(model.image, model.environment), model_dir)
        return await _fork(container_environment(spec, model, model_dir), model_dir, zygote, log)
    except BaseException:
        shutil.rmtree(home, ignore_errors=True)
        raise


async def _fork(
    environment: Mapping[str, str], model_dir: Path, zygote: ZygoteHost, log: LogStream
) -> Container:
    ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
    listener = socket.create_server(("127.0.0.1", 0), backlog=_BACKLOG)
    output_fd = open_log(log)
    try:
        pid = await zygote.fork(
            Order(
                environment=environment,
                model_dir=model_dir,
                listener=listener,
                output_fd=output_fd,
                on_end=ended.set_result,
            )
        )
        port = listener.getsockname()[1]
    finally:
        listener.close()
        os.close(output_fd)
    return Container(pid=pid, port=port, home=model_dir.parent, ended=ended)
