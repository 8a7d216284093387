"""`tidegate console`: starts, says where, ends with Ctrl-C."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.cli_world import CliWorld

ROOT = Path(__file__).parents[4]

CONSOLE = """
import signal
# A test run in the background passes on that SIGINT is ignored; a terminal does not.
signal.signal(signal.SIGINT, signal.default_int_handler)
from cli.main import app
from cli.options import PLACES
from tests.cli_world import CliWorld
PLACES.set(CliWorld().place)
app(["console", "--json"])
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_serves_until_it_is_interrupted(tmp_path: Path, number: signal.Signals):
    """Ctrl-C is its ordinary end; killed, it leaves nothing behind either."""
    paths = os.pathsep.join((str(ROOT), str(ROOT / "lambda")))
    process = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(CONSOLE)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": paths, "PYTHONUNBUFFERED": "1"},
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        told = json.loads(process.stdout.readline())
        token = told["url"].partition("#token=")[2]
        connection = http.client.HTTPConnection("127.0.0.1", told["port"], timeout=20)
        connection.request("GET", "/api/about", headers={"Authorization": f"Bearer {token}"})
        assert connection.getresponse().status == 200
        process.send_signal(number)
        assert process.wait(timeout=20) == (0 if number is signal.SIGINT else -number)
    finally:
        process.kill()
        process.wait()
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", told["port"]), timeout=5)


def test_a_port_that_is_taken_is_told(world: CliWorld):
    """With what to do."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        said = world.run("console", "--port", str(port), "--json")
    assert said.code == 3
    assert f"port {port} on 127.0.0.1 cannot be had" in said.json()["error"]
    assert "name another one" in said.json()["error"]


def test_before_a_deploy_there_is_nothing_to_show(world: CliWorld):
    """The command ends before it listens."""
    world.is_deployed = False
    assert world.run("console", "--json").code == 1
