"""How costs are told on a terminal."""

from collections.abc import Iterable, Iterator
from typing import Any

from cli.costing import StageCosts
from cli.outlook.figures import Outlook
from cli.screen import duration


def cost_lines(costs: Iterable[StageCosts]) -> Iterator[str]:
    """Each stage: the sum, each stack, each item, then what a release by each plan costs."""
    for one in costs:
        yield from _stage(one)


def _stage(one: StageCosts) -> Iterator[str]:
    idle = one.idle
    budget = idle["budget_usd_a_month"]
    limit = "" if budget is None else f", of a budget of ${budget:,.2f}"
    known = f"${idle['known_usd_a_month']:,.2f} a month while idle"
    missing = "" if idle["complete"] else ", and what is not known"
    yield f"stage {idle['stage']} in {idle['region']}: {known}{missing}{limit}"
    for stack in idle["stacks"]:
        unknown = "" if stack["complete"] else " and what is not known"
        yield f"  {stack['stack']}: ${stack['known_usd_a_month']:,.2f}{unknown}"
        yield from (f"    {_item(item)}" for item in stack["items"])
    yield from (f"  {_training(run)}" for run in idle["training"])
    for model, outlook in one.plans.items():
        yield f"  a release of {model} {_release(outlook)}"


def _item(item: dict[str, Any]) -> str:
    usd = item["usd_a_month"]
    return f"{item['words']}: {'unknown' if usd is None else f'${usd:,.2f}'}, {item['said']}"


def _training(run: dict[str, Any]) -> str:
    usd, limit = run["usd_at_most"], duration(run["limit_seconds"])
    most = "unknown" if usd is None else f"at most ${usd:,.2f}"
    return (
        f"a training run of {run['model']}: {most}, {run['jobs']} jobs of at most {limit}; "
        f"{run['said']}"
    )


def _release(outlook: Outlook) -> str:
    course = f"by {outlook.course.strategy} ({outlook.course.mechanism})"
    if outlook.extra_instances == 0:
        return f"{course}: nothing stands beside the version that serves"
    if outlook.usd is None:
        hours = outlook.instance_hours
        return f"{course}: {hours.least:.1f} to {hours.most:.1f} instance hours, price unknown"
    return f"{course}: ${outlook.usd.least:,.2f} to ${outlook.usd.most:,.2f} for extra instances"
