"""Sockets of listeners: they close, whatever their connections do."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from emulator.loadbalancing import listening
from emulator.loadbalancing.listening import ListenerSockets
from emulator.loadbalancing.store import Store


async def _held_up() -> None:
    """As hypercorn's server is when it is cut off before its connections have ended."""
    unfinished = asyncio.get_running_loop().create_future()
    try:
        await asyncio.Event().wait()
    finally:
        unfinished.exception()


def test_a_listener_is_closed_although_a_connection_holds_it_up(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
):
    """Who asks for its end is not told of the server's own trouble."""
    monkeypatch.setattr(listening, "LONGEST_CLOSING_SECONDS", 0.01)

    async def story() -> Any:
        sockets = ListenerSockets(
            store=Store(),
            handle=_unasked,
            material_of=lambda _: None,
            local_port=lambda port: port,
            directory=tmp_path,
        )
        task = asyncio.get_running_loop().create_task(_held_up())
        sockets._open["arn"] = listening._Open(task=task, stop=asyncio.Event())
        await sockets.close("arn")
        return task, dict(sockets._open)

    task, still_open = asyncio.run(story())
    assert still_open == {}
    assert isinstance(task.exception(), asyncio.InvalidStateError)


async def _unasked(_listener: str, _request: Any) -> Any:
    raise AssertionError("no request was sent")
