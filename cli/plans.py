"""Release plans that the command line reads from files: a project file, or a plan as JSON.

A project file is understood by the code that synth uses, run as a child process, so that a plan
here is the plan that will be deployed. No cloud is asked, and no artifact has to be there.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit
from cli.synth import ROOT
from tidegate.errors import InvalidValueError
from tidegate.fleet import Fleet, Hosting
from tidegate.plan import ReleasePlan

PROJECT_SUFFIXES = frozenset({".yaml", ".yml"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Price:
    """What one instance costs, in US dollars an hour, and who said so when."""

    usd_per_hour: float
    date: str
    source: str

    def to_json(self) -> dict[str, Any]:
        """The price in JSON types."""
        return {"usd_per_hour": self.usd_per_hour, "date": self.date, "source": self.source}


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a project file says of the releases of a model in a stage. No price: it is not known."""

    model: str
    region: str
    plan: ReleasePlan
    fleet: Fleet
    price: Price | None


def read_agreed(path: Path, *, model: str | None = None, stage: str | None = None) -> Agreed:
    """Plan, fleet and price of a model; its name may be left out where there is one.

    Without a stage it is the first one.
    """
    if not path.is_file():
        raise _absent(path)
    document = _document(path)
    name = _name(tuple(document["plans"]), model, path)
    regions: dict[str, str] = document["regions"]
    if stage is not None and stage not in regions:
        raise CommandError(
            f"{path} has no stage {stage}, it has: {', '.join(regions)}", code=Exit.USAGE
        )
    region = next(iter(regions.values())) if stage is None else regions[stage]
    fleet = Fleet.from_json(document["fleets"][name])
    return Agreed(
        model=name,
        region=region,
        plan=ReleasePlan.from_json(document["plans"][name]),
        fleet=fleet,
        price=_price_of(fleet, document["prices"][region]),
    )


def _price_of(fleet: Fleet, prices: Mapping[str, Any]) -> Price | None:
    """What one of what stands, or is woken, costs; where nothing ever stands, nothing."""
    if fleet.standing == 0 and fleet.hosting is Hosting.SERVERLESS:
        return Price(usd_per_hour=0.0, date="", source="requests bill, and nothing between them")
    if fleet.hosting is Hosting.SERVERLESS:
        return None
    price = prices[fleet.instance_type]
    return None if price is None else Price(**price)


def _absent(path: Path) -> CommandError:
    return CommandError(
        f"{path} does not exist: run in a project's folder, or name a file with a plan",
        code=Exit.USAGE,
    )


def read_plan(path: Path, *, model: str | None = None) -> tuple[str, ReleasePlan]:
    """Name and plan of a model: of a project file (YAML), or the one plan of a JSON file.

    In a project file with one model its name may be left out.
    """
    if not path.is_file():
        raise _absent(path)
    if path.suffix in PROJECT_SUFFIXES:
        return _chosen(project_plans(path), model, path)
    return (path.stem if model is None else model), _plan_of(path)


def project_plans(path: Path) -> dict[str, ReleasePlan]:
    """The plan of each model of a project file; InvalidValueError with every fault of it."""
    plans = _document(path)["plans"]
    return {name: ReleasePlan.from_json(plan) for name, plan in plans.items()}


def _document(path: Path) -> Mapping[str, Any]:
    folders = (str(ROOT), str(ROOT / "lambda"))
    finished = subprocess.run(
        [sys.executable, "-P", "-m", "stacks.project.plans", str(path.resolve())],
        env={**os.environ, "PYTHONPATH": os.pathsep.join(folders)},
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        document: Mapping[str, Any] = json.loads(finished.stdout)
    except ValueError as error:
        raise CommandError(f"{path} could not be read:\n{finished.stderr.strip()}") from error
    if "faults" in document:
        raise InvalidValueError(document["faults"])
    return document


def _chosen(
    plans: Mapping[str, ReleasePlan], model: str | None, path: Path
) -> tuple[str, ReleasePlan]:
    name = _name(tuple(plans), model, path)
    return name, plans[name]


def _name(names: tuple[str, ...], model: str | None, path: Path) -> str:
    if model is None and len(names) == 1:
        return names[0]
    if model is None or model not in names:
        asked = "which model" if model is None else f"there is no model {model} in {path}"
        raise CommandError(f"{asked}? it has: {', '.join(names)}", code=Exit.USAGE)
    return model


def _plan_of(path: Path) -> ReleasePlan:
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
        return ReleasePlan.from_json(data.get("plan", data))
    except InvalidValueError:
        raise
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CommandError(
            f"{path} is no plan ({type(error).__name__}: {error}): it must be a project file "
            "(.yaml), or JSON as 'tidegate release report --plan' writes it",
            code=Exit.USAGE,
        ) from error
