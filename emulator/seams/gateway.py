"""ministack's application behind our front door, on a socket that is already open.

The environment is set before ministack is imported, because it reads its settings at import.
"""

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from emulator.seams.asgi import Application, Message, Receive, Scope, Send
from emulator.settings import Settings


def ministack_environment(
    settings: Settings, *, port: int, state_directory: Path
) -> dict[str, str]:
    """The variables ministack reads; loopback only, every request authenticated."""
    return {
        "AUTH": "true",
        "BIND_HOST": "127.0.0.1",
        "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port),
        "MINISTACK_ACCOUNT_ID": settings.account,
        "MINISTACK_REGION": settings.region,
        "IOT_MTLS_ENABLED": "0",
        "SFTP_ENABLED": "0",
        "LAMBDA_EXECUTOR": "local",
        "PERSIST_STATE": "0",
        "STATE_DIR": str(state_directory / "ministack"),
        "S3_DATA_DIR": str(state_directory / "s3"),
        "LOG_LEVEL": settings.log_level,
        "DOCKER_HOST": "unix:///nonexistent",
    }


def configure(settings: Settings, *, port: int, state_directory: Path) -> None:
    """ministack, imported after this, takes the settings and none of the caller's AWS variables."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        del os.environ[name]
    os.environ.update(ministack_environment(settings, port=port, state_directory=state_directory))


async def serve(
    listener: socket.socket,
    *,
    started: Callable[[], Awaitable[None]],
    ready: Callable[[], Awaitable[None]],
    stopped: Callable[[], Awaitable[None]],
) -> None:
    """Requests are answered until SIGTERM or SIGINT."""
    from hypercorn.asyncio import serve as hypercorn_serve  # noqa: PLC0415
    from hypercorn.config import Config  # noqa: PLC0415
    from ministack import app  # noqa: PLC0415 - reads the environment when imported

    from emulator.seams import services  # noqa: PLC0415

    config = Config()
    config.bind = [f"fd://{listener.fileno()}"]
    config.keep_alive_timeout = 75
    config.accesslog = None
    config.graceful_timeout = 1.0
    config.shutdown_timeout = 5.0
    application: Any = _announcing(services.front_door(app.app), ready)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    await started()
    try:
        await hypercorn_serve(
            application,
            config,
            shutdown_trigger=stop.wait,
            mode="asgi",
        )
    finally:
        await stopped()


def _announcing(application: Application, ready: Callable[[], Awaitable[None]]) -> Application:
    """`ready` runs when the application says that it has started."""

    async def serve(scope: Scope, receive: Receive, send: Send) -> None:
        async def announce(message: Message) -> None:
            await send(message)
            if message["type"] == "lifespan.startup.complete":
                await ready()

        await application(scope, receive, announce if scope["type"] == "lifespan" else send)

    return serve
