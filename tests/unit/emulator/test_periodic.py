"""Work that is done again and again while the cloud runs."""

import asyncio
from pathlib import Path
from typing import Any

from emulator.clock import CloudClock
from emulator.periodic import keep_doing
from emulator.runtime import Runtime
from emulator.settings import Settings


class _Keeper:
    """Time that nobody holds."""

    clock = CloudClock()


def _runtime(folder: Path) -> Runtime:
    keeper: Any = _Keeper()
    return Runtime(
        settings=Settings(),
        keeper=keeper,
        port=1,
        state_directory=folder,
        role_credentials=lambda _arn, _name: (_ for _ in ()).throw(NotImplementedError),
    )


def test_a_round_that_fails_is_not_the_last_one(tmp_path: Path):
    """The next one follows; after the end of the cloud none does."""
    rounds: list[int] = []
    runtime = _runtime(tmp_path)

    async def life() -> None:
        enough = asyncio.Event()

        async def work() -> None:
            rounds.append(len(rounds))
            if len(rounds) == 1:
                raise ValueError("the first round")
            if len(rounds) == 3:
                enough.set()

        keep_doing(runtime, work, every_cloud_seconds=0.0, pause_bounds=(0.001, 0.001))
        await runtime.started()
        await asyncio.wait_for(enough.wait(), timeout=20)
        await runtime.stopped()
        known = len(rounds)
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(rounds) == known

    asyncio.run(life())

    assert rounds[:3] == [0, 1, 2]
