"""The Jupyter server of an instance: a process of this machine on loopback, if it is installed."""

import asyncio
import importlib.util
import os
import secrets
import socket
import sys
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from emulator.processes import Child, spawn
from emulator.sagemaker.names import Tenant

HOST = "127.0.0.1"
STARTS_SECONDS = 60.0
"""How long a server may take until it answers, on the wall's clock."""
_LOOK_SECONDS = 0.1
_PACKAGES = ("jupyterlab", "jupyter_server")
"""What an instance can run here, the better one first."""

Credentials = Callable[[str, str], Mapping[str, str]]
"""The variables of a role's session in a region."""


class NotStartedError(Exception):
    """The server did not answer; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server that answers."""

    child: Child
    port: int
    token: str = field(repr=False)

    @property
    def url(self) -> str:
        """Where its page is, with the token that opens it."""
        return f"http://{HOST}:{self.port}/?token={self.token}"


class Servers(Protocol):
    """Where the servers of instances come from."""

    async def start(self, tenant: Tenant, name: str, role_arn: str) -> Running | None:
        """A server under the role, None where none is installed; NotStartedError if it is ill."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Jupyter:
    """Starts servers; each instance has a folder, its volume, that outlives them."""

    directory: Path
    credentials: Credentials

    @property
    def package(self) -> str | None:
        """What is installed, None if nothing is."""
        found = (name for name in _PACKAGES if importlib.util.find_spec(name) is not None)
        return next(found, None)

    def volume(self, tenant: Tenant, name: str) -> Path:
        """The folder that stands for an instance's volume."""
        return self.directory / tenant.account / tenant.region / name.lower()

    async def start(self, tenant: Tenant, name: str, role_arn: str) -> Running | None:
        """A server under the role, None where none is installed; NotStartedError if it is ill."""
        package = self.package
        if package is None:
            return None
        volume = self.volume(tenant, name)
        volume.mkdir(parents=True, exist_ok=True)
        port, token = _free_port(), secrets.token_hex(24)
        own = await asyncio.to_thread(self.credentials, role_arn, tenant.region)
        environment = {
            "PATH": os.environ.get("PATH", os.defpath),
            "HOME": str(volume),
            "JUPYTER_TOKEN": token,
            "JUPYTER_PLATFORM_DIRS": "1",
            **own,
        }
        log = volume / ".jupyter.log"
        with log.open("ab") as output:
            child = spawn(
                _command(package, port, volume),
                environment=environment,
                directory=volume,
                output=output,
            )
        running = Running(child=child, port=port, token=token)
        try:
            await self._answers(running, log)
        except BaseException:
            child.stop()
            raise
        return running

    async def _answers(self, running: Running, log: Path) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + STARTS_SECONDS
        while not await asyncio.to_thread(_is_up, running):
            if not running.child.alive or loop.time() > deadline:
                raise NotStartedError(f"its Jupyter server did not start: {_last_of(log)}")
            await asyncio.sleep(_LOOK_SECONDS)


def _command(package: str, port: int, volume: Path) -> list[str]:
    return [
        sys.executable,
        "-m",
        package,
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        "--ServerApp.open_browser=False",
        f"--ServerApp.root_dir={volume}",
        # It says no to root otherwise, whom a machine in the cloud may well run this as.
        *(["--allow-root"] if os.geteuid() == 0 else []),
    ]


def _last_of(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")[-300:]


def _free_port() -> int:
    with socket.create_server((HOST, 0)) as listener:
        port: int = listener.getsockname()[1]
    return port


def _is_up(running: Running) -> bool:
    request = urllib.request.Request(
        f"http://{HOST}:{running.port}/api/status?no_track_activity=1",
        headers={"Authorization": f"token {running.token}"},
    )
    try:
        with urllib.request.urlopen(request, timeout=2):  # noqa: S310 - our own process
            return True
    except OSError:
        return False
