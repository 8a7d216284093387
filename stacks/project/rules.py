"""Rules of the project file that need two values, a file or a table.

Each section is checked when its own shape is right, so that all faults of a file come at once.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from pydantic import ValidationError

from stacks.project.ab_tests import arm_faults
from stacks.project.algorithm_rules import artifact_faults as missing_faults
from stacks.project.algorithm_rules import chosen, version_faults
from stacks.project.batch_rules import batch_faults
from stacks.project.container_rules import (
    entries,
    entry_faults,
    has_pipeline,
    pipeline_faults,
)
from stacks.project.door_rules import dns_faults, door_faults
from stacks.project.durations import DAY, seconds_of
from stacks.project.edge_rules import edge_faults
from stacks.project.faults import Fault, did_you_mean
from stacks.project.hosting_rules import excluded_faults, hosting_faults, is_chosen, region_faults
from stacks.project.hosting_shape import HostingFile
from stacks.project.locate import Shelf, artifact_faults
from stacks.project.marketplace import is_listed, marketplace_faults
from stacks.project.monitoring import monitoring_faults
from stacks.project.notebooks import notebook_faults
from stacks.project.part import Part
from stacks.project.release_shape import ReleaseFile
from stacks.project.releases import plan_faults
from stacks.project.services import service_faults
from stacks.project.shadows import shadow_faults
from stacks.project.shape import (
    LOG_DAYS,
    SECTIONS,
    CaptureFile,
    FrontDoorFile,
    OutcomeFilesFile,
    StageFile,
)
from stacks.project.source import Location, Source
from stacks.project.tables import images, partitions
from stacks.project.target_rules import has_targets, stray_faults, target_faults
from stacks.project.trainings import training_faults
from tidegate.echo import VARIABLE

_PartT = TypeVar("_PartT", bound=Part)
_OWNED = dict.fromkeys(("SAGEMAKER_PROGRAM", "SAGEMAKER_SUBMIT_DIRECTORY"), "entry_point")
"""Variables of framework containers that are set here, and from what."""
_VERSION = {VARIABLE: "the version, where release has echoes_version"}
"""The same of every container."""
_ECR = re.compile(
    r"^\d{12}\.dkr\.ecr\.(?P<region>[a-z0-9-]+)\.amazonaws\.com(\.cn)?/[^:@]+([:@].+)$"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    source: Source
    at: Location

    def fault(self, message: str, *keys: str | int) -> Fault:
        return self.source.fault((*self.at, *keys), message)


def rule_faults(source: Source, shelf: Shelf) -> tuple[Fault, ...]:
    """Every broken rule of the sections whose shape is right."""
    stages, models = _entries(source, "stages"), _entries(source, "models")
    regions = {
        str(stage["region"])
        for stage in stages.values()
        if str(stage.get("region")) in partitions()
    }
    faults: list[Fault] = []
    for name, raw in stages.items():
        faults.extend(_stage_faults(_Place(source=source, at=("stages", name)), raw))
    doors = _doors(stages)
    for name, raw in models.items():
        place = _Place(source=source, at=("models", name))
        faults.extend(_dns_faults(place, name, raw, doors))
        faults.extend(batch_faults(name, raw, models, place.fault))
        faults.extend(_section_faults(place, raw, regions))
        faults.extend(_model_faults(place, raw, regions, shelf))
        faults.extend(shadow_faults(source, place.at, raw))
        faults.extend(monitoring_faults(source, place.at, raw, shelf))
        faults.extend(arm_faults(source, place.at, raw, shelf))
        faults.extend(training_faults(source, place.at, raw, shelf, regions=regions))
    for name, raw in _entries(source, "services").items():
        faults.extend(service_faults(source, ("services", name), raw, shelf))
    for name, raw in _entries(source, "notebooks").items():
        faults.extend(notebook_faults(source, ("notebooks", name), raw, shelf))
    for name, raw in _entries(source, "edge").items():
        faults.extend(edge_faults(source, name, raw, shelf))
    faults.extend(_empty_faults(source))
    return tuple(faults)


def _empty_faults(source: Source) -> Iterator[Fault]:
    file = source.value
    parts = ("models", "services", "edge")
    if isinstance(file, Mapping) and not any(file.get(part) for part in parts):
        yield source.fault((), "a project has models, services or edge fleets: name one")


def _entries(source: Source, key: str) -> dict[str, dict[str, Any]]:
    entries = source.value.get(key) if isinstance(source.value, Mapping) else None
    if not isinstance(entries, Mapping):
        return {}
    return {name: raw for name, raw in entries.items() if isinstance(raw, dict)}


def _read(part: type[_PartT], raw: object) -> _PartT | None:
    try:
        return part.model_validate(raw)
    except ValidationError:
        return None


def _stage_faults(place: _Place, raw: Mapping[str, Any]) -> Iterator[Fault]:
    region = raw.get("region")
    if isinstance(region, str) and region not in partitions():
        meant = did_you_mean(region, partitions())
        yield place.fault(f"region is {region!r}, which has no SageMaker: {meant}", "region")
    door = _read(FrontDoorFile, raw.get("front_door", {}))
    if door is not None:
        here = _Place(source=place.source, at=(*place.at, "front_door"))
        yield from door_faults(door, here.fault)
    stage = _read(StageFile, raw)
    if stage is not None and stage.log_days not in LOG_DAYS:
        allowed = ", ".join(str(days) for days in LOG_DAYS)
        yield place.fault(f"log_days is {stage.log_days}, allowed: {allowed}", "log_days")
    files = _read(OutcomeFilesFile, raw.get("outcome_files"))
    if files is not None:
        here = _Place(source=place.source, at=(*place.at, "outcome_files"))
        yield from _days_faults(here, files.keep)


def _doors(stages: Mapping[str, Mapping[str, Any]]) -> dict[str, FrontDoorFile]:
    read = {name: _read(FrontDoorFile, raw.get("front_door", {})) for name, raw in stages.items()}
    return {name: door for name, door in read.items() if door is not None}


def _dns_faults(
    place: _Place, name: str, raw: Mapping[str, Any], doors: Mapping[str, FrontDoorFile]
) -> Iterator[Fault]:
    release = raw.get("release")
    if isinstance(release, Mapping):
        here = _Place(source=place.source, at=(*place.at, "release"))
        yield from dns_faults(name, release, doors, here.fault)


def _section_faults(place: _Place, raw: Mapping[str, Any], regions: set[str]) -> Iterator[Fault]:
    """Faults of what only a hosted model has; an offline one may not name any of it."""
    if raw.get("hosting") is None:
        return
    hosting = _read(HostingFile, raw["hosting"])
    for name, kind in SECTIONS:
        section = _read(kind, raw.get(name, {}))
        here = _Place(source=place.source, at=(*place.at, name))
        match section:
            case HostingFile():
                yield from hosting_faults(section, here.fault)
                yield from region_faults(section, regions, here.fault)
                yield from excluded_faults(raw, section, place.fault)
            case CaptureFile():
                yield from _capture_faults(here, section)
            case ReleaseFile():
                chosen = hosting if hosting is not None and is_chosen(hosting) else None
                yield from plan_faults(place.source, here.at, section, chosen)


def _capture_faults(place: _Place, capture: CaptureFile) -> Iterator[Fault]:
    yield from _days_faults(place, capture.keep)


def _days_faults(place: _Place, keep: str) -> Iterator[Fault]:
    if seconds_of(keep) % DAY or not 1 <= seconds_of(keep) // DAY <= 3_650:
        yield place.fault(f"keep is {keep!r}, must be whole days from 1d to 3650d", "keep")


def _model_faults(
    place: _Place, raw: Mapping[str, Any], regions: set[str], shelf: Shelf
) -> Iterator[Fault]:
    """Faults of the container, or of each container of a pipeline."""
    yield from stray_faults(raw, place.fault)
    if has_targets(raw):
        yield from _container_faults(place, raw, regions)
        yield from target_faults(raw, shelf, place.fault)
        return
    if is_listed(raw):
        yield from marketplace_faults(raw, regions, place.fault)
        yield from artifact_faults(place.source, place.at, raw, shelf)
        return
    if not has_pipeline(raw):
        yield from _container_faults(place, raw, regions)
        yield from missing_faults(raw, place.fault)
        yield from artifact_faults(place.source, place.at, raw, shelf)
        return
    yield from pipeline_faults(raw, place.fault)
    for number, entry in entries(raw):
        here = _Place(source=place.source, at=(*place.at, "containers", number))
        yield from _container_faults(here, entry, regions)
        yield from artifact_faults(here.source, here.at, entry, shelf)


def _container_faults(place: _Place, raw: Mapping[str, Any], regions: set[str]) -> Iterator[Fault]:
    framework, image, algorithm = raw.get("framework"), raw.get("image"), raw.get("algorithm")
    if len(chosen(raw)) != 1:
        yield place.fault(
            "a model has framework and framework_version, or algorithm and algorithm_version, or "
            "image: give one of the three"
        )
    elif isinstance(framework, str):
        yield from _framework_faults(place, framework, raw.get("framework_version"), regions)
    elif isinstance(algorithm, str):
        version = raw.get("algorithm_version")
        yield from version_faults(algorithm, version, regions, place.fault)
    elif isinstance(image, str):
        yield from _image_faults(place, image, regions)
    yield from _stray_faults(place, raw)
    yield from entry_faults(raw, place.fault)
    owned = _VERSION if framework is None else _OWNED | _VERSION
    yield from _owned_faults(place, raw.get("environment"), owned)


def _stray_faults(place: _Place, raw: Mapping[str, Any]) -> Iterator[Fault]:
    """Keys of a kind of container that the model does not have."""
    has = {
        "framework": "a framework has",
        "image": "an own image has",
        "algorithm": "a built-in algorithm has",
    }
    for key, owner in (
        ("framework_version", "framework"),
        ("entry_point", "framework"),
        ("algorithm_version", "algorithm"),
    ):
        other = next((has[each] for each in chosen(raw) if each in has and each != owner), None)
        if raw.get(key) is not None and raw.get(owner) is None and other is not None:
            yield place.fault(f"{key} belongs to {owner}, {other} none: drop it", key)


def _owned_faults(place: _Place, environment: object, owned: Mapping[str, str]) -> Iterator[Fault]:
    for key in environment if isinstance(environment, Mapping) else ():
        if key in owned:
            yield place.fault(
                f"environment.{key} is set from {owned[key]}: drop it here", "environment", key
            )


def _framework_faults(
    place: _Place, framework: str, version: object, regions: set[str]
) -> Iterator[Fault]:
    versions = images().get(framework)
    if versions is None:
        yield place.fault(
            f"framework is {framework!r}: {did_you_mean(framework, images())}", "framework"
        )
        return
    known = ", ".join(f'"{name}"' for name in versions)
    if version is None:
        yield place.fault(f"framework_version is missing: allowed for {framework}: {known}")
    elif isinstance(version, str) and version not in versions:
        yield place.fault(
            f"framework_version is {version!r}, allowed for {framework}: {known}",
            "framework_version",
        )
    elif isinstance(version, str):
        for region in sorted(regions - set(versions[version])):
            yield place.fault(
                f"{framework} {version} has no image in {region}: choose another region",
                "framework_version",
            )


def _image_faults(place: _Place, image: str, regions: set[str]) -> Iterator[Fault]:
    match = _ECR.match(image)
    if match is None:
        yield place.fault(
            f"image is {image!r}, must be an image in ECR with a tag or digest: "
            "ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG",
            "image",
        )
        return
    for region in sorted(regions - {match["region"]}):
        yield place.fault(
            f"image is in {match['region']}, a stage is in {region}: SageMaker takes images of "
            "its own region only; give each region its project file",
            "image",
        )
