"""Worlds whose traffic is watched: what they are asked, steady and drifted."""

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from cli.monitors import Choice, Monitor, baseline_of, evaluated, find_monitor
from tests.e2e.world import PROJECT, V1, World, wait_for
from tidegate.monitoring.evaluating import Evaluated

ROWS = 20_000
THRESHOLD = 0.5
COUNTRIES = ("de", "fr", "gb", "us")

MONITORING = """
    data_capture: { percent: 100 }
    monitoring:
      baseline: BASELINE
      window: 5m
      lag: 60s
      every: 1h
      predictions: /label
      outcomes: { expected: 0.2, rows: 20000 }
      score: { at: /score }
      slices: [country]
      attributions: /why
"""


EXPLAINED = {"draw": 0.6, "amount": -0.3}
"""What the model says its answers rest on, if it is told so by the question."""


def asked(
    chance: random.Random,
    *,
    draw: tuple[int, int],
    country: str | None = None,
    why: Mapping[str, float] = EXPLAINED,
) -> dict[str, Any]:
    """One question: a number whose fate is known, an amount, a country, and the model's score.

    One in five is wrong, so four of five with a score of 0.8 are positive: scores are chances.
    """
    return {
        "score": chance.choice((0.2, 0.8)),
        "why": dict(why),
        "draw": chance.randrange(*draw),
        "amount": round(chance.gauss(50.0, 10.0), 2),
        "country": chance.choice(COUNTRIES) if country is None else country,
    }


def training(path: Path) -> Path:
    """The training data: questions, and what version 1 says of them."""
    chance = random.Random(11)  # noqa: S311 - questions, not secrets
    with path.open("w", encoding="utf-8") as stream:
        for _ in range(ROWS):
            row = asked(chance, draw=(0, 10_000))
            wrong = row["draw"] // 100 % 100 < V1.wrong_percent
            truth = (row["score"] >= THRESHOLD) is not wrong
            label = "wrong" if wrong else "right"
            stream.write(json.dumps({**row, "label": label, "truth": truth}) + "\n")
    return path


OUTCOME_WINDOW = "\n      outcome_window: 10m"
"""Late enough for a story, and soon over."""


def monitored(world: World) -> World:
    """The world's model has a monitor, whose baseline is made as `tidegate monitor` makes it."""
    data = training(world.folder / "training.jsonl")
    choice = Choice(
        prediction="label", drop=("score", "truth"), slices={"country": ()}, attributions="why"
    )
    of = Evaluated(score="score", label="truth", threshold=THRESHOLD)
    made = evaluated(baseline_of(data, choice), data, of)
    path = world.folder / "baseline.json"
    path.write_text(made.text())
    section = MONITORING.replace("BASELINE", str(path))
    text = PROJECT.replace("project: story", f"project: {world.model}")
    text = text.replace("region: us-east-1,", "region: us-east-1, data_on_destroy: delete,")
    text = text.replace("      hold: 2h", f"      hold: 2h{OUTCOME_WINDOW}")
    world.project_text = text.replace("    release:\n", f"{section.lstrip(chr(10))}    release:\n")
    return world


def ask(
    world: World, count: int, question: Callable[[], dict[str, Any]], *, labelled: int = 0
) -> None:
    """The front door answers so many questions; of some of them the truth becomes known."""
    door = world.door()
    for number in range(count):
        reply = door.predict(world.model, json.dumps(question()).encode())
        assert reply.status == 200
        if number < labelled:
            wrong = json.loads(reply.body)["label"] == "wrong"
            assert door.record_outcome(str(reply.prediction_id), wrong=wrong) == 202


def monitor_of(world: World) -> Monitor:
    """The deployed monitor."""
    return find_monitor(world.place(V1), world.model)


def look(monitor: Monitor) -> dict[str, Any]:
    """The last answer of a run."""
    *_, last = monitor.run()
    return last


def counted(monitor: Monitor, requests: int) -> dict[str, Any]:
    """The report once all these requests are in windows that were judged."""

    def judged() -> dict[str, Any] | None:
        look(monitor)
        view = monitor.report()
        if view is None or view["open_requests"] or view["totals"]["requests"] < requests:
            return None
        return view

    view: dict[str, Any] = wait_for(judged, seconds=60, what=f"the count of {requests} requests")
    return view
