"""Release plans that the command line reads from files: a project file, or a plan as JSON.

A project file is understood by the code that synth uses, run as a child process, so that a plan
here is the plan that will be deployed. No cloud is asked, and no artifact has to be there.
"""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from cli.exits import CommandError, Exit
from cli.synth import ROOT
from tidegate.errors import InvalidValueError
from tidegate.plan import ReleasePlan

PROJECT_SUFFIXES = frozenset({".yaml", ".yml"})


def read_plan(path: Path, *, model: str | None = None) -> tuple[str, ReleasePlan]:
    """Name and plan of a model: of a project file (YAML), or the one plan of a JSON file.

    In a project file with one model its name may be left out.
    """
    if not path.is_file():
        raise CommandError(
            f"{path} does not exist: run in a project's folder, or name a file with a plan",
            code=Exit.USAGE,
        )
    if path.suffix in PROJECT_SUFFIXES:
        return _chosen(project_plans(path), model, path)
    return (path.stem if model is None else model), _plan_of(path)


def project_plans(path: Path) -> dict[str, ReleasePlan]:
    """The plan of each model of a project file; InvalidValueError with every fault of it."""
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
    return {name: ReleasePlan.from_json(plan) for name, plan in document["plans"].items()}


def _chosen(
    plans: Mapping[str, ReleasePlan], model: str | None, path: Path
) -> tuple[str, ReleasePlan]:
    if model is None and len(plans) == 1:
        return next(iter(plans.items()))
    if model is None or model not in plans:
        asked = "which model" if model is None else f"there is no model {model} in {path}"
        raise CommandError(f"{asked}? it has: {', '.join(plans)}", code=Exit.USAGE)
    return model, plans[model]


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
