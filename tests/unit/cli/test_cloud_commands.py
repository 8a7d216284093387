"""`tidegate up` and `tidegate down`, with a cloud that really starts."""

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest

from cli.target import STATE_DIRECTORY
from emulator.processes import is_running
from emulator.server import EmbeddedCloud
from tests.cli_world import CliWorld, Said


@pytest.fixture
def folder(world: CliWorld, monkeypatch: pytest.MonkeyPatch) -> Iterator[CliWorld]:
    """An empty folder, in which no cloud is left running."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    yield world
    EmbeddedCloud.stop_detached(STATE_DIRECTORY)


def up(folder: CliWorld, *arguments: str) -> Said:
    """Start a cloud."""
    return folder.run("up", *arguments, "--json")


def test_up_starts_a_cloud_and_down_ends_it(folder: CliWorld):
    """After `down` nothing of it runs, and a second `down` says so."""
    started = up(folder, "--region", "eu-west-1")
    assert started.code == 0
    pid = started.json()["pid"]
    assert started.json()["started"] is True
    assert started.json()["environment"]["AWS_ENDPOINT_URL"].startswith("http://127.0.0.1:")
    assert folder.run("down", "--json").json() == {"stopped": True, "removed": []}
    assert not is_running(pid)
    assert folder.run("down", "--json").json() == {"stopped": False, "removed": []}


def test_a_second_up_names_the_cloud_that_runs(folder: CliWorld):
    """It is no error to want what is there; other settings are refused with the way out."""
    first = up(folder, "--region", "eu-west-1", "--time-scale", "30")
    second = up(folder, "--region", "eu-west-1")
    assert second.code == 0
    assert second.json() == {**first.json(), "started": False}
    other = up(folder, "--region", "us-east-1", "--time-scale", "60", "--port", "1")
    assert other.code == 3
    for told in ("region eu-west-1", "time scale 30", "port", "tidegate down"):
        assert told in other.json()["error"]


def test_up_says_how_to_reach_its_hosts(folder: CliWorld):
    """DNS port and authority, in commands that can be pasted, and as figures."""
    figures = up(folder, "--region", "eu-west-1").json()
    told = " ".join(folder.run("up", "--region", "eu-west-1").out.split())
    dig = f"dig @127.0.0.1 -p {figures['dns_port']} +short HOST A"
    port = 443 + figures["low_port_offset"]
    assert dig in told
    authority = figures["certificate_authority"]
    assert f'curl --cacert {authority} --resolve HOST:{port}:"$({dig})" https://HOST' in told
    assert "BEGIN CERTIFICATE" in Path(authority).read_text(encoding="ascii")
    with socket.create_connection(("127.0.0.1", figures["dns_port"]), timeout=5):
        pass  # DNS over TCP is answered there.


def test_the_region_is_that_of_the_stage(folder: CliWorld):
    """Templates of the stage deploy unchanged."""
    folder.project_file.write_text("project: demo\nstages: {dev: {region: ap-south-1}}\n")
    assert up(folder).json()["region"] == "ap-south-1"


def test_the_accounts_are_those_of_the_project(folder: CliWorld):
    """The pipeline's first, so that plain AWS tools work there; another file's are refused."""
    stages = '{dev: {region: eu-west-1, account: "222222222222"}, prod: {region: eu-west-1}}'
    folder.project_file.write_text(f"project: demo\nstages: {stages}\n")
    assert up(folder).json()["accounts"] == ["222222222222"]
    tools = 'pipeline: {mode: integration, tools: {region: eu-west-1, account: "111111111111"}}'
    folder.project_file.write_text(f"project: demo\nstages: {stages}\n{tools}\n")
    other = up(folder)
    assert other.code == 3
    assert "accounts 222222222222, asked for 111111111111 too" in other.json()["error"]
    folder.run("down", "--json")
    assert up(folder).json()["accounts"] == ["111111111111", "222222222222"]


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("--region", "nowhere"), 2),
        (("--time-scale", "0.5"), 2),
        (("--port", "70000"), 2),
        (("--stage", "dev"), 2),
    ],
)
def test_what_cannot_be_started_is_wrong_usage(
    folder: CliWorld, arguments: tuple[str, ...], code: int
):
    """Nothing is started then."""
    assert folder.run("up", *arguments).code == code
    assert not STATE_DIRECTORY.exists()


def test_a_damaged_state_stops_up_and_down(folder: CliWorld):
    """Neither starts a second cloud beside one that may still run."""
    STATE_DIRECTORY.mkdir()
    (STATE_DIRECTORY / "cloud.json").write_text("{")
    for command in ("up", "down"):
        said = folder.run(command, "--json")
        assert said.code == 7
        assert "cannot be read" in said.json()["error"]
    (STATE_DIRECTORY / "cloud.json").unlink()
