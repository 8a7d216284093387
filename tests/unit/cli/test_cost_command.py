"""`tidegate cost`: stages, stacks, items, and what a release by each plan costs."""

from pathlib import Path
from typing import Any

import pytest

import cli.costing
from cli.costing import COSTS_FILE, StageCosts, _costs
from cli.costing_words import cost_lines
from cli.exits import CommandError
from cli.outlook.comparison import compare
from cli.plans import Agreed, Price
from cli.synth import SynthRequest
from stacks.idle_costs import COSTS_FILE as WRITTEN
from tidegate.fleet import Fleet
from tidegate.plan import ReleasePlan

IDLE: dict[str, Any] = {
    "stage": "dev",
    "region": "eu-west-1",
    "known_usd_a_month": 100.5,
    "complete": False,
    "budget_usd_a_month": 200.0,
    "training": [
        {
            "model": "m",
            "jobs": 3,
            "limit_seconds": 3600,
            "usd_at_most": 0.384,
            "said": "$0.128 an hour",
        },
        {"model": "n", "jobs": 3, "limit_seconds": 60, "usd_at_most": None, "said": "not known"},
    ],
    "stacks": [
        {
            "stack": "p-dev-release",
            "known_usd_a_month": 100.5,
            "complete": False,
            "items": [
                {"words": "1 secret", "usd_a_month": 0.4, "said": "as of 2026-11-22"},
                {"words": "1 AWS::Kendra::Index", "usd_a_month": None, "said": "price not known"},
            ],
        }
    ],
}


def _costs_of(price: Price | None) -> StageCosts:
    fleet = Fleet(instance_type="ml.m5.large", instances=2, start_seconds=300)
    agreed = Agreed(model="m", region="eu-west-1", plan=ReleasePlan(), fleet=fleet, price=price)
    return StageCosts(idle=IDLE, plans={"m": compare(agreed).planned})


FIRST = (
    "stage dev in eu-west-1: $100.50 a month while idle, and what is not known, of a budget "
    "of $200.00"
)
PRICE = Price(usd_per_hour=0.1, date="2026-11-22", source="a test")


def test_everything_is_told_and_nothing_unknown_is_a_number():
    """Unknown is a word."""
    lines = list(cost_lines([_costs_of(PRICE)]))

    assert lines[:6] == [
        FIRST,
        "  p-dev-release: $100.50 and what is not known",
        "    1 secret: $0.40, as of 2026-11-22",
        "    1 AWS::Kendra::Index: unknown, price not known",
        "  a training run of m: at most $0.38, 3 jobs of at most 60 min; $0.128 an hour",
        "  a training run of n: unknown, 3 jobs of at most 60 s; not known",
    ]
    assert lines[6].startswith("  a release of m by canary (weights): $")


def test_release_without_a_price_is_told_in_hours():
    """So is its sum: null in JSON."""
    costs = _costs_of(None)

    assert "instance hours, price unknown" in list(cost_lines([costs]))[-1]
    assert costs.to_json()["releases"]["m"]["usd"] is None


def test_stage_beyond_its_budget_is_told_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Synth writes what it costs before it refuses; any other failure stays one."""
    file = tmp_path / COSTS_FILE
    request = SynthRequest(project_file=file, stage="dev", pointers={}, output=tmp_path)

    def refused(_: SynthRequest) -> Path:
        raise CommandError("synth failed")

    monkeypatch.setattr(cli.costing, "synth", refused)
    with pytest.raises(CommandError):
        _costs(request)
    file.write_text("{}")
    assert _costs(request) == "{}"


def test_file_has_one_name():
    """What synth writes is what the command reads."""
    assert COSTS_FILE == WRITTEN
