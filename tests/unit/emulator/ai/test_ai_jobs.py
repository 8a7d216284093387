"""Jobs wait, run, end and are told of, by the cloud's clock and the faults."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from emulator.ai.faults import Fate
from emulator.ai.jobs import (
    Job,
    JobExistsError,
    JobFailedError,
    JobKind,
    Jobs,
    State,
    TokenReusedError,
)
from emulator.ai.pages import Paging
from emulator.jsonapi import RefusedRequestError
from tests.unit.emulator.ai.sites import TENANT, Town, no_client

SECONDS = 20.0


class Bench:
    """Jobs that take `SECONDS`, and the states that somebody was told of."""

    def __init__(self, work: Callable[[Job], dict[str, Any]] = lambda _job: {"n": 1}) -> None:
        self.town = Town()
        self.told: list[tuple[State, float]] = []
        kind = JobKind(work=work, seconds=lambda _job: SECONDS, changed=self._changed)
        self.jobs = Jobs(self.town.site(), kind)

    def _changed(self, job: Job) -> None:
        self.told.append((job.state, self.town.moment))

    def start(self, name: str = "j", fate: Fate | None = None, **changes: Any) -> Job:
        """A job of that name has been started."""
        job = Job(tenant=TENANT, id=name, request={}, client=no_client, submitted=1_000.0)
        drawn = Fate() if fate is None else fate
        return self.jobs.start(replace(job, **changes), lambda: drawn)

    def ended(self, name: str = "j") -> Job:
        """The job after everything has gone on."""
        self.town.run()
        found = self.jobs.get(TENANT, name)
        assert found is not None
        return found


def test_a_job_waits_runs_and_ends():
    """And somebody is told when it begins and ends."""
    bench = Bench()
    assert bench.start().state is State.QUEUED
    job = bench.ended()
    assert (job.state, job.output, job.failure) == (State.COMPLETED, {"n": 1}, None)
    assert (job.started, job.ended) == (1_001.0, 1_021.0)
    assert bench.told == [(State.IN_PROGRESS, 1_001.0), (State.COMPLETED, 1_021.0)]


@pytest.mark.parametrize(
    ("fate", "state", "end", "times"),
    [
        (Fate(late_seconds=600.0), State.COMPLETED, 1_621.0, 1),
        (Fate(fails=True), State.FAILED, 1_021.0, 1),
        (Fate(told_twice=True), State.COMPLETED, 1_021.0, 2),
    ],
)
def test_faults_make_it_late_or_failed_or_told_twice(
    fate: Fate, state: State, end: float, times: int
):
    """As it was drawn."""
    bench = Bench()
    bench.start(fate=fate)
    job = bench.ended()
    assert (job.state, job.ended) == (state, end)
    assert bench.told[1:] == [(state, end)] * times


def broken(_job: Job) -> dict[str, Any]:
    """A fault of the embedded cloud."""
    raise KeyError("x")


def impossible(_job: Job) -> dict[str, Any]:
    """A fault of the job."""
    raise JobFailedError("The audio is silent")


@pytest.mark.parametrize(
    ("work", "reason"), [(impossible, "The audio is silent"), (broken, "see its log")]
)
def test_work_that_fails_is_a_failed_job(work: Callable[[Job], dict[str, Any]], reason: str):
    """With its reason."""
    bench = Bench(work)
    bench.start()
    job = bench.ended()
    assert job.state is State.FAILED
    assert reason in str(job.failure)


def test_a_token_starts_one_job():
    """Another request with it is refused."""
    bench = Bench()
    bench.start("first", token="t", request={"a": 1})
    assert bench.start("second", token="t", request={"a": 1}).id == "first"
    with pytest.raises(TokenReusedError, match="first"):
        bench.start("third", token="t", request={"a": 2})
    assert bench.ended("first").state is State.COMPLETED
    assert [job.id for job in bench.jobs.of(TENANT)] == ["first"]


def test_a_name_is_taken_until_it_is_forgotten():
    """What is forgotten ends without news, also beside a new job of its name."""
    bench = Bench()
    bench.start()
    with pytest.raises(JobExistsError, match="j"):
        bench.start()
    bench.jobs.forget(TENANT, "j")
    bench.start(submitted=1_000.5)
    job = bench.ended()
    assert job.submitted == 1_000.5
    assert [state for state, _ in bench.told] == [State.IN_PROGRESS, State.COMPLETED]


def test_a_job_that_stops_does_no_work():
    """It is stopped at its end."""
    bench = Bench(broken)
    bench.start()
    stopping = bench.jobs.stop(TENANT, "j")
    assert stopping is not None
    assert stopping.state is State.STOPPING
    assert bench.ended().state is State.STOPPED
    assert [state for state, _ in bench.told] == [State.STOPPED]


def test_jobs_are_kept_by_account_and_region():
    """And the latest come first."""
    bench = Bench()
    for name, tenant in (("a", TENANT), ("b", TENANT), ("a", ("999988887777", "us-east-1"))):
        bench.start(name, tenant=tenant)
    assert bench.ended("b").state is State.COMPLETED
    assert [job.id for job in bench.jobs.of(TENANT)] == ["b", "a"]


def test_lists_come_in_pages():
    """The token leads to the next one, and a wrong token is refused."""
    paging = Paging(most=2, code="InvalidNextTokenException")
    first = paging.page(["a", "b", "c"], {}, member="Names")
    assert first == {"Names": ["a", "b"], "NextToken": "2"}
    last = paging.page(["a", "b", "c"], {"NextToken": first["NextToken"]}, member="Names")
    assert last == {"Names": ["c"]}
    with pytest.raises(RefusedRequestError, match="not one of this list: 9"):
        paging.page(["a"], {"NextToken": "9"}, member="Names")
