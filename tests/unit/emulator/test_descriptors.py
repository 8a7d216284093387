"""A cloud that has run for a while has more than a thousand files open."""

import os
import resource
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from emulator.descriptors import allow_many, readable
from emulator.sagemaker.jobs.script import Controls, Ending, Program, run

MANY = 1_200


@pytest.fixture
def _many_open() -> Iterator[None]:
    """Whatever is opened now has a number beyond what select() takes."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    allow_many()
    opened = [os.open(os.devnull, os.O_RDONLY) for _ in range(MANY)]
    yield
    for descriptor in opened:
        os.close(descriptor)
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


@pytest.mark.usefixtures("_many_open")
def test_whatever_its_number_a_pipe_is_waited_for() -> None:
    """Nothing in it, something in it, nobody writes to it any more."""
    reading, writing = os.pipe()
    assert reading > 1_024
    try:
        assert readable([reading], seconds=0) == frozenset()
        os.write(writing, b"x")
        assert readable([reading], seconds=None) == {reading}
        os.read(reading, 1)
    finally:
        os.close(writing)
    assert readable([reading], seconds=None) == {reading}
    os.close(reading)


@pytest.mark.usefixtures("_many_open")
def test_a_job_of_a_busy_cloud_runs(tmp_path: Path) -> None:
    """Its output comes through a pipe."""
    lines: list[str] = []
    program = Program(
        argv=["/bin/sh", "-c", "echo done"],
        environment={"PATH": os.defpath},
        directory=tmp_path,
        limit_seconds=30,
        grace_seconds=1,
    )
    controls = Controls(stop=threading.Event(), abandon=threading.Event())
    ended = run(program, controls, lines.extend)

    assert (ended.ending, ended.exit_code, lines) == (Ending.ITSELF, 0, ["done"])


def test_a_low_limit_is_raised_and_a_high_one_stays() -> None:
    """A shell's usual limit is that of select(); a cloud has more open."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    try:
        resource.setrlimit(resource.RLIMIT_NOFILE, (900, before[1]))
        allow_many()
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        assert soft == min(65_536, hard)
        assert hard == before[1]
        allow_many()
        assert resource.getrlimit(resource.RLIMIT_NOFILE) == (soft, hard)
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, before)
