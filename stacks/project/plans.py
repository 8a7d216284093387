"""Release plans of a project file as JSON, for tools that only ask what was agreed.

`python -m stacks.project.plans FILE` prints one document, or `{"faults": [...]}` and exit code 1:
`plans` and `fleets` by model, `regions` by stage, and `prices` by region and instance type, null
where a price is not known. Only what a plan is made of is checked: whether an artifact is there, or
an instance type known, is the business of synth.
"""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from stacks.project.faults import Fault, ProjectFaultsError
from stacks.project.hosting_rules import fleet_of, hosting_faults, is_chosen
from stacks.project.hosting_shape import HostingFile
from stacks.project.release_shape import ReleaseFile
from stacks.project.releases import plan_faults, plan_of
from stacks.project.shape import ProjectFile
from stacks.project.source import Location, Source, read_source
from stacks.project.structure import structural_faults
from stacks.project.tables import hosting_price, machine_price
from tidegate.fleet import Fleet
from tidegate.plan import ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Agreed:
    """What a project file says of releases: plans and fleets by model, regions by stage."""

    plans: Mapping[str, ReleasePlan]
    fleets: Mapping[str, Fleet]
    regions: Mapping[str, str]

    def to_json(self) -> dict[str, Any]:
        """The document, with the prices that are known of these fleets in these regions."""
        types = sorted({f.instance_type for f in self.fleets.values() if f.instance_type})
        return {
            "plans": {name: plan.to_json() for name, plan in self.plans.items()},
            "fleets": {name: fleet.to_json() for name, fleet in self.fleets.items()},
            "regions": dict(self.regions),
            "prices": {
                region: {instance_type: _price(region, instance_type) for instance_type in types}
                for region in sorted(set(self.regions.values()))
            },
        }


def _price(region: str, instance_type: str) -> Mapping[str, Any] | None:
    """Types of SageMaker begin with ml, those of EC2 do not; spot instances cost less."""
    of_sagemaker = instance_type.startswith("ml.")
    return (hosting_price if of_sagemaker else machine_price)(region, instance_type)


def release_plans(path: Path) -> Mapping[str, ReleasePlan]:
    """The plan of each model; ProjectFaultsError with every fault of shape and plans."""
    return agreed(path).plans


def agreed(path: Path) -> Agreed:
    """What a project file says of releases; ProjectFaultsError with every fault of it."""
    source = read_source(path, shown_as=path.name)
    faults = structural_faults(source)
    if faults:
        raise ProjectFaultsError(faults)
    file = ProjectFile.model_validate(source.value)
    hosted = {
        name: (model.hosting, model.release)
        for name, model in file.models.items()
        if model.hosting is not None
    }
    broken = [f for name, told in hosted.items() for f in _faults(source, name, *told)]
    if broken:
        raise ProjectFaultsError(broken)
    fleets = {name: fleet_of(hosting) for name, (hosting, _) in hosted.items()}
    return Agreed(
        plans={name: plan_of(release, fleets[name]) for name, (_, release) in hosted.items()},
        fleets=fleets,
        regions={name: stage.region for name, stage in file.stages.items()},
    )


def _faults(
    source: Source, name: str, hosting: HostingFile, release: ReleaseFile
) -> Iterator[Fault]:
    at: Location = ("models", name)
    chosen = is_chosen(hosting)
    if not chosen:
        yield from hosting_faults(
            hosting, lambda message, *keys: source.fault((*at, "hosting", *keys), message)
        )
    yield from plan_faults(source, (*at, "release"), release, hosting if chosen else None)


def main(path: Path) -> int:
    """The document is on standard output; 1 where the file has faults."""
    try:
        document = agreed(path).to_json()
    except ProjectFaultsError as error:
        json.dump({"faults": [str(fault) for fault in error.faults]}, sys.stdout)
        return 1
    json.dump(document, sys.stdout)
    return 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))
