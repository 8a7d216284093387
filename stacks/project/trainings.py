"""Rules of section `training` of a model, and what it becomes."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.artifacts import ArtifactError
from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf
from stacks.project.source import Location, Source
from stacks.project.tables import instance_types
from stacks.project.training_shape import RequirementFile, TrainingFile
from stacks.project.training_spec import Requirement, ScriptsSpec, TrainingSpec

TRAINED_FRAMEWORKS = ("scikit-learn",)
"""Whose one image both trains and serves (SageMaker SDK, `image_uris`)."""
LEAST_SECONDS, MOST_SECONDS = 60, 5 * DAY
"""ProcessingStoppingCondition: at most 9 days; a training job's own limit may be lower."""


def training_faults(
    source: Source, at: Location, raw: Mapping[str, Any], shelf: Shelf
) -> Iterator[Fault]:
    """Every broken rule of a model's section, if its shape is right."""
    if raw.get("training") is None:
        return
    try:
        file = TrainingFile.model_validate(raw["training"])
    except ValidationError:
        return
    here = (*at, "training")
    framework = raw.get("framework")
    if framework not in TRAINED_FRAMEWORKS:
        yield source.fault(
            here,
            f"training needs framework: {' or '.join(TRAINED_FRAMEWORKS)}, whose image trains as "
            f"well as it serves; got {framework!r}",
        )
    yield from _value_faults(source, here, file)
    for number, each in enumerate(file.require):
        yield from _limit_faults(source, (*here, "require", number), each)
    for words in _code_faults(file, shelf):
        yield source.fault((*here, "code"), words)


def _value_faults(source: Source, here: Location, file: TrainingFile) -> Iterator[Fault]:
    if file.instance_type not in instance_types():
        meant = did_you_mean(file.instance_type, instance_types())
        words = f"instance_type is {file.instance_type!r}, which SageMaker does not have: {meant}"
        yield source.fault((*here, "instance_type"), words)
    if not LEAST_SECONDS <= seconds_of(file.timeout) <= MOST_SECONDS:
        words = f"timeout is {file.timeout}, must be at least 60s and at most 5d"
        yield source.fault((*here, "timeout"), words)
    if seconds_of(file.keep) % DAY or seconds_of(file.keep) < DAY:
        words = f"keep is {file.keep}, must be whole days, such as 30d"
        yield source.fault((*here, "keep"), words)


def _limit_faults(source: Source, at: Location, each: RequirementFile) -> Iterator[Fault]:
    if (each.at_most is None) == (each.at_least is None):
        got = "neither" if each.at_most is None else "both"
        words = f"{each.metric} needs one of at_most and at_least, got {got}"
        yield source.fault(at, words)


def _code_faults(file: TrainingFile, shelf: Shelf) -> Iterator[str]:
    path = shelf.path(file.code)
    if not path.is_dir():
        yield f"code is {file.code!r}, which is no folder (it starts at the project file)"
        return
    try:
        names = shelf.contents(file.code).names
    except ArtifactError as error:
        yield f"code is {file.code!r}: {error}"
        return
    for key, script in (
        ("process", file.process),
        ("train", file.train),
        ("evaluate", file.evaluate),
    ):
        if script not in names:
            listed = ", ".join(name for name in names if name.endswith(".py"))
            yield f"{key} is {script!r}, which is not in {file.code}; there are: {listed}"


def training_of(file: TrainingFile | None, shelf: Shelf) -> TrainingSpec | None:
    """The specification of a checked section; None without one."""
    if file is None:
        return None
    return TrainingSpec(
        code=shelf.path(file.code),
        code_digest=shelf.contents(file.code).digest,
        data=file.data,
        scripts=ScriptsSpec(process=file.process, train=file.train, evaluate=file.evaluate),
        hyperparameters=dict(file.hyperparameters),
        requirements=tuple(_requirement(each) for each in file.require),
        instance_type=file.instance_type,
        volume_gb=file.volume_gb,
        timeout_seconds=seconds_of(file.timeout),
        schedule=file.schedule,
        approval=file.approve,
        keep_days=seconds_of(file.keep) // DAY,
    )


def _requirement(each: RequirementFile) -> Requirement:
    if each.at_most is not None:
        return Requirement(
            metric=each.metric,
            side="at_most",
            limit=each.at_most,
            against_live=each.against_live,
        )
    if each.at_least is None:
        raise ValueError(f"{each.metric} has no limit: the rules of the file were not checked")
    return Requirement(
        metric=each.metric,
        side="at_least",
        limit=each.at_least,
        against_live=each.against_live,
    )
