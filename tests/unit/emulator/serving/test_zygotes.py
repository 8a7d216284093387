"""Zygotes: no process outlives its owner, and a dead one is replaced."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path
from typing import Any

from emulator import processes
from emulator.sagemaker.serving.runners import runner_for
from emulator.sagemaker.serving.zygotes import ZygoteHost

ROOT = Path(__file__).parents[4]
IMAGE = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


def parent_of(pid: int) -> int:
    """The process that forked it."""
    stat = Path(f"/proc/{pid}/stat").read_text("ascii")
    return int(stat.rpartition(")")[2].split()[1])


def test_a_dead_zygote_is_replaced_and_its_containers_with_it(serving: Any) -> None:
    """After kill -9 of the zygote the fleet serves again from new processes."""

    async def story() -> tuple[bool, int]:
        fleet = await serving.healthy()
        serving.publish(("blue", 1, fleet))
        before = fleet.instance_pids
        os.kill(parent_of(before[0]), signal.SIGKILL)
        await serving.until(lambda: not fleet.instance_count)
        await serving.until(lambda: fleet.instance_count == 1)
        return before != fleet.instance_pids, (await serving.invoke()).status

    assert serving.run(story()) == (True, 200)


def test_a_start_that_is_given_up_spoils_no_later_one(serving: Any) -> None:
    """An endpoint that is deleted while its zygote starts leaves it to the next endpoint."""

    async def story() -> bool:
        host = ZygoteHost(runner_for(IMAGE))
        given_up = asyncio.create_task(host._ready_link())
        await serving.until(lambda: host._link is not None)
        given_up.cancel()
        await asyncio.wait([given_up])
        link = await host._ready_link()
        await host.close()
        return given_up.cancelled() and link is not None

    assert serving.run(story())


def test_no_container_outlives_a_killed_server(tmp_path: Path) -> None:
    """Kill -9 of the process that owns the fleets ends zygote and containers."""
    program = textwrap.dedent(
        """
        import asyncio, json, sys, time
        from pathlib import Path
        sys.path[:0] = sys.argv[1:3]
        from conftest import ENTRY_POINT, IMAGE, artifact
        from emulator.sagemaker.ports import FleetSpec, ModelSpec
        from emulator.sagemaker.serving.fleet import FleetSettings, ModelFleets

        async def main(directory):
            settings = FleetSettings(directory=directory / "i", log_sink=lambda _: None,
                                     now=time.time, wall_seconds=lambda s: s)
            fleets = ModelFleets(settings)
            model = ModelSpec(name="m", image=IMAGE, environment=ENTRY_POINT,
                              model_data_path=artifact(directory / "model.tar.gz"))
            fleet = await fleets.create(FleetSpec(endpoint="e", variant="v", config="c",
                                                  model=model, instance_count=2))
            await fleet.wait_healthy()
            print(json.dumps(fleet.instance_pids), flush=True)
            await asyncio.sleep(600)

        asyncio.run(main(Path(sys.argv[3])))
        """
    )
    here = str(Path(__file__).parent)
    owner = subprocess.Popen(
        [sys.executable, "-c", program, str(ROOT), here, str(tmp_path)], stdout=subprocess.PIPE
    )
    assert owner.stdout is not None
    with owner.stdout:
        pids = json.loads(owner.stdout.readline())
    owner.kill()
    owner.wait()
    assert len(pids) == 2
    assert processes.wait_until(
        lambda: not any(processes.is_running(pid) for pid in pids), timeout_seconds=5
    )
