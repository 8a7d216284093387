"""Release plans of a project file as JSON, for tools that only ask what was agreed.

`python -m stacks.project.plans FILE` prints one document: `{"plans": {model: plan}}`, or
`{"faults": [...]}` and exit code 1. Only what a plan is made of is checked: whether an artifact is
there, or an instance type known, is the business of synth.
"""

import json
import sys
from collections.abc import Mapping
from pathlib import Path

from stacks.project.faults import ProjectFaultsError
from stacks.project.releases import fleet_of, plan_faults, plan_of
from stacks.project.shape import ProjectFile
from stacks.project.source import read_source
from stacks.project.structure import structural_faults
from tidegate.plan import ReleasePlan


def release_plans(path: Path) -> Mapping[str, ReleasePlan]:
    """The plan of each model; ProjectFaultsError with every fault of shape and plans."""
    source = read_source(path, shown_as=path.name)
    faults = structural_faults(source)
    if faults:
        raise ProjectFaultsError(faults)
    models = ProjectFile.model_validate(source.value).models
    broken = [
        fault
        for name, model in models.items()
        for fault in plan_faults(source, ("models", name, "release"), model.release, model.hosting)
    ]
    if broken:
        raise ProjectFaultsError(broken)
    return {name: plan_of(model.release, fleet_of(model.hosting)) for name, model in models.items()}


def main(path: Path) -> int:
    """The document is on standard output; 1 where the file has faults."""
    try:
        plans = release_plans(path)
    except ProjectFaultsError as error:
        json.dump({"faults": [str(fault) for fault in error.faults]}, sys.stdout)
        return 1
    json.dump({"plans": {name: plan.to_json() for name, plan in plans.items()}}, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
