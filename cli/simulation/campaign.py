"""Many simulated releases, on every core: the same seed gives the same releases on any number.

A worker ignores Ctrl-C and dies with its parent, so that stopping is the parent's business alone
and nothing runs on.
"""

import multiprocessing
import os
import signal
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass

import numpy as np

from cli.simulation.release import Outcome, Setting, simulate_release
from emulator.processes import die_with_parent

RUNS_A_TASK = 4
"""Few, so that the progress moves and every core has work to the end."""

OnDone = Callable[[int], None]
"""Told how many more releases are done."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """Which settings are simulated, how often each, from which seed, in how many processes."""

    settings: tuple[Setting, ...]
    runs: int
    seed: int
    jobs: int


@dataclass(frozen=True, slots=True, kw_only=True)
class _Task:
    """Some runs of one setting."""

    case: int
    first: int
    last: int


def cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    count = os.cpu_count()
    return 1 if count is None else count


def run_campaign(
    campaign: Campaign, *, on_done: OnDone = lambda _: None
) -> tuple[tuple[Outcome, ...], ...]:
    """The outcomes of every setting, run by run."""
    found: dict[tuple[int, int], Outcome] = {}
    for task, outcomes in _results(campaign):
        for run, outcome in enumerate(outcomes, start=task.first):
            found[task.case, run] = outcome
        on_done(len(outcomes))
    return tuple(
        tuple(found[case, run] for run in range(campaign.runs))
        for case in range(len(campaign.settings))
    )


def _results(campaign: Campaign) -> Iterator[tuple[_Task, list[Outcome]]]:
    if campaign.jobs > 1:
        yield from _in_parallel(campaign)
        return
    for task in _tasks(campaign):
        yield task, _perform(campaign, task)


def _tasks(campaign: Campaign) -> list[_Task]:
    """The runs of all settings side by side, so that an early look at the progress is fair."""
    return [
        _Task(case=case, first=first, last=min(first + RUNS_A_TASK, campaign.runs))
        for first in range(0, campaign.runs, RUNS_A_TASK)
        for case in range(len(campaign.settings))
    ]


def _perform(campaign: Campaign, task: _Task) -> list[Outcome]:
    setting = campaign.settings[task.case]
    return [
        simulate_release(setting, np.random.default_rng([campaign.seed, task.case, run]))
        for run in range(task.first, task.last)
    ]


def _in_parallel(campaign: Campaign) -> Iterator[tuple[_Task, list[Outcome]]]:
    before = set(multiprocessing.active_children())
    executor = ProcessPoolExecutor(
        max_workers=campaign.jobs,
        mp_context=multiprocessing.get_context("spawn"),
        initializer=_begin_worker,
        initargs=(campaign, os.getpid()),
    )
    try:
        tasks = {executor.submit(_perform_here, task): task for task in _tasks(campaign)}
        for done in as_completed(tasks):
            yield tasks[done], done.result()
    except BaseException:
        # A release that takes a minute to simulate must not make Ctrl-C take one.
        for child in set(multiprocessing.active_children()) - before:
            child.kill()
        raise
    finally:
        executor.shutdown(wait=True, cancel_futures=True)


_CAMPAIGNS: list[Campaign] = []
"""What this worker works on."""


def _begin_worker(campaign: Campaign, parent: int) -> None:
    die_with_parent(parent)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _CAMPAIGNS[:] = [campaign]


def _perform_here(task: _Task) -> list[Outcome]:
    return _perform(_CAMPAIGNS[0], task)
