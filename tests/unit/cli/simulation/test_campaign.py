"""Many releases: the same on any number of processes, and none left behind."""

import multiprocessing

import pytest

from cli.simulation.behaviour import Traffic
from cli.simulation.campaign import RUNS_A_TASK, Campaign, run_campaign
from cli.simulation.harms import ladder
from cli.simulation.release import Setting
from tidegate.plan import ReleasePlan


def campaign(plan: ReleasePlan, traffic: Traffic, *, runs: int, jobs: int) -> Campaign:
    """No harm and an outage."""
    harms = ladder(plan, traffic.live)
    settings = tuple(
        Setting(plan=plan, traffic=traffic, candidate=harm.candidate)
        for harm in (harms[0], harms[-1])
    )
    return Campaign(settings=settings, runs=runs, seed=3, jobs=jobs)


def test_every_run_of_every_setting_is_there_in_order(errors_only: ReleasePlan, traffic: Traffic):
    """More runs begin with the same runs, and each is told once."""
    told: list[int] = []
    few = run_campaign(campaign(errors_only, traffic, runs=3, jobs=1))
    more = run_campaign(
        campaign(errors_only, traffic, runs=RUNS_A_TASK + 1, jobs=1), on_done=told.append
    )
    assert [outcomes[:3] for outcomes in more] == list(few)
    assert sum(told) == 2 * (RUNS_A_TASK + 1)


def test_processes_change_nothing(errors_only: ReleasePlan, traffic: Traffic):
    """Which core simulates a release does not matter to it, and all processes are gone after."""
    alone = run_campaign(campaign(errors_only, traffic, runs=5, jobs=1))
    shared = run_campaign(campaign(errors_only, traffic, runs=5, jobs=2))
    assert alone == shared
    assert multiprocessing.active_children() == []


def test_an_interrupt_leaves_no_process(errors_only: ReleasePlan, traffic: Traffic):
    """Ctrl-C ends the workers too, whatever they were at."""

    def interrupt(_: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        run_campaign(campaign(errors_only, traffic, runs=400, jobs=2), on_done=interrupt)
    assert multiprocessing.active_children() == []
