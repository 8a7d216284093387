"""The demo's story: deploy v1, keep users asking, release v2, v3 and v4, and tell what happened."""

import resource
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from rich.text import Text

from cli.demo.memory import memory_mebibytes
from cli.demo.project import MODEL, project_with, train_missing
from cli.demo.summary import Told, summary_table, write_summary
from cli.deployed import Deployed
from cli.deployment import deploy_stacks
from cli.display import live_or_lines
from cli.frontdoor import door_of
from cli.options import Place
from cli.output import CONSOLE, say
from cli.project import read_project
from cli.screen import release_panel
from cli.target import Target, embedded_target
from cli.users import Load, Question, Users
from cli.verbs import start_release
from cli.watch import finished, first_view
from emulator.server import EmbeddedCloud
from emulator.settings import Settings
from examples.flights.traffic import held_out, is_wrong, payload
from tidegate.pointer import Declaration
from tidegate.view import ReleaseView

REFRESH_SECONDS = 0.25
MOST_REQUESTS = 800
"""What the example's margins were chosen for; test_judge_releases.py holds the judge to it."""

LIMIT_SECONDS = 150.0
"""A release that is not over by then, on the wall's clock, is told as it stands."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """What is told: the candidates in order, the load, and how fast the cloud's clock runs."""

    candidates: tuple[str, ...] = ("v2", "v3", "v4")
    time_scale: float = 60.0
    seed: int = 1
    output: Path = Path("build/demo")
    project_file: Path = Path("tidegate.yaml")
    load: Load = field(default_factory=lambda: Load(model=MODEL))


def tell(scenario: Scenario) -> tuple[Told, ...]:
    """Run the whole story; afterwards its report is written and nothing of it runs any more."""
    began = time.monotonic()
    trained = train_missing()
    if trained:
        say(f"trained {', '.join(trained)} on real flights of 2013")
    settings = Settings(region=_region(scenario), time_scale=scenario.time_scale)
    with EmbeddedCloud.start(settings) as cloud:
        say(f"embedded cloud up in {cloud.start_seconds:.1f} s at {cloud.endpoint_url}, IAM on")
        say(f"time is scaled: 1 s here is {scenario.time_scale:g} s of the cloud's clock")
        target = embedded_target(cloud)
        _deploy(scenario, target, "v1")
        deployed = _place(scenario, target, "v1").deployed()
        say(_promise(deployed.store.declaration(MODEL)))
        with _users(scenario, target, deployed) as users:
            told = tuple(_release(scenario, target, v, users) for v in scenario.candidates)
            memory = memory_mebibytes(cloud.pid)
        seconds = time.monotonic() - began
        figures = {**_figures(scenario, users, seconds=seconds), "memory_mib": memory}
    report = write_summary(scenario.output, told, figures=figures)
    CONSOLE.print(summary_table(told))
    _print_figures(figures, report)
    return told


def _region(scenario: Scenario) -> str:
    project = read_project(scenario.project_file)
    return project.regions[project.stages[0]]


def _place(scenario: Scenario, target: Target, version: str) -> Place:
    path = project_with(version, source=scenario.project_file, folder=scenario.output)
    project = read_project(path)
    return Place(project=project, stage=project.stages[0], target=target)


def _deploy(scenario: Scenario, target: Target, version: str) -> None:
    began = time.monotonic()
    place = _place(scenario, target, version)
    deploy_stacks(place, assembly=scenario.output / "cdk.out")
    say(f"{version} deployed by its CDK templates in {time.monotonic() - began:.1f} s")


@contextmanager
def _users(scenario: Scenario, target: Target, deployed: Deployed) -> Iterator[Users]:
    door = door_of(target, url=deployed.api_url)
    questions = [Question(body=payload(r), is_wrong=partial(is_wrong, row=r)) for r in held_out()]
    users = Users(door, questions, scenario.load)
    users.start()
    say(f"{scenario.load.users} users ask about real flights; the truth follows later")
    try:
        yield users
    finally:
        users.stop()


def _release(scenario: Scenario, target: Target, version: str, users: Users) -> Told:
    """One candidate: deployed into the idle slot, released, watched to the end."""
    _deploy(scenario, target, version)
    deployed = _place(scenario, target, version).deployed()
    began = time.monotonic()
    release_id = start_release(deployed, MODEL)
    view = first_view(deployed, release_id)
    with live_or_lines(lambda: _traffic(users), clock=target.clock.now) as show:
        while not finished(view) and time.monotonic() - began < LIMIT_SECONDS:
            show(view)
            time.sleep(REFRESH_SECONDS)
            view = deployed.view(release_id)
    CONSOLE.print(release_panel(view))
    return Told(view=_settled(deployed.view, view), wall_seconds=time.monotonic() - began)


def _settled(read: Callable[[str], ReleaseView], view: ReleaseView) -> ReleaseView:
    """The view once more after the last counts have come in."""
    time.sleep(1.0)
    return read(view.release_id)


def _promise(declaration: Declaration | None) -> str:
    """The plan's margins, and how much evidence they cost at most."""
    if declaration is None:
        return ""
    margins = ", ".join(f"{g.metric} {100 * g.margin:g}" for g in declaration.plan.guardrails)
    return (
        f"the plan promotes once harm above its margins (points: {margins}) is excluded, which "
        f"takes about {MOST_REQUESTS} candidate requests at most"
    )


def _traffic(users: Users) -> Text:
    ledger = users.ledger
    by_version = ", ".join(f"{v} {n:,}" for v, n in sorted(ledger.answered.items()))
    failed = sum(ledger.failed.values())
    return Text(
        f"requests {ledger.requests:,} (answered by {by_version}; failed {failed}, "
        f"unanswered {ledger.unanswered}), outcomes {ledger.outcomes[202]:,}"
    )


def _figures(scenario: Scenario, users: Users, *, seconds: float) -> dict[str, Any]:
    ledger = users.ledger
    return {
        "time_scale": scenario.time_scale,
        "seed": scenario.seed,
        "wall_seconds": round(seconds, 1),
        "requests": ledger.requests,
        "unanswered_requests": ledger.unanswered,
        "failed_requests": dict(ledger.failed),
        "answered_requests": dict(ledger.answered),
        "outcomes_by_status": {str(k): v for k, v in sorted(ledger.outcomes.items())},
        "client_memory_mb": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
    }


def _print_figures(figures: dict[str, Any], report: Path) -> None:
    say(
        f"{figures['requests']:,} requests, {figures['unanswered_requests']} without an answer, "
        f"{figures['wall_seconds']} s in all"
    )
    memory = ", ".join(f"{kind} {mib:.0f}" for kind, mib in figures["memory_mib"].items())
    say(f"memory in MiB (shared pages counted once): {memory}")
    say(f"report: {report}   figures: {report.with_name('summary.json')}")
