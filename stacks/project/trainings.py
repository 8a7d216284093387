"""Rules of section `training` of a model, and what it becomes."""

from collections.abc import Collection, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.algorithm_training import (
    algorithm_of,
    algorithm_training_faults,
    script_faults,
    texts_of,
)
from stacks.project.algorithms import Algorithm, algorithm, algorithm_names
from stacks.project.artifacts import ArtifactError
from stacks.project.durations import DAY, seconds_of
from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf
from stacks.project.source import Location, Source
from stacks.project.tables import instance_types
from stacks.project.training_options import (
    option_faults,
    price_faults,
    spot_of,
    tuning_of,
    vpc_of,
)
from stacks.project.training_shape import RequirementFile, TrainingFile
from stacks.project.training_spec import Requirement, ScriptsSpec, TrainingSpec

TRAINED_FRAMEWORKS = ("scikit-learn",)
"""Whose one image both trains and serves (SageMaker SDK, `image_uris`)."""
LEAST_SECONDS, MOST_SECONDS = 60, 5 * DAY
"""ProcessingStoppingCondition: at most 9 days; a training job's own limit may be lower."""


DEFAULT_SCRIPTS = {"process": "process.py", "train": "train.py"}
"""Of a model that a script trains, where the file names none."""


def training_faults(
    source: Source,
    at: Location,
    raw: Mapping[str, Any],
    shelf: Shelf,
    *,
    regions: Collection[str] = (),
) -> Iterator[Fault]:
    """Every broken rule of a model's section, if its shape is right."""
    if raw.get("training") is None:
        return
    try:
        file = TrainingFile.model_validate(raw["training"])
    except ValidationError:
        return
    here = (*at, "training")
    known = _algorithm(raw.get("algorithm"))
    if known is not None:
        yield from algorithm_training_faults(source, here, file, known)
    elif raw.get("algorithm") is None:
        yield from _framework_faults(source, here, raw.get("framework"))
        yield from script_faults(source, here, file)
    yield from _value_faults(source, here, file)
    yield from option_faults(source, here, file, known)
    jobs = None if known is not None else _jobs(file)
    yield from price_faults(source, here, file, jobs=jobs, regions=regions)
    for number, each in enumerate(file.require):
        yield from _limit_faults(source, (*here, "require", number), each)
    for words in _code_faults(file, known, shelf):
        yield source.fault((*here, "code"), words)


def _framework_faults(source: Source, here: Location, framework: object) -> Iterator[Fault]:
    if framework not in TRAINED_FRAMEWORKS:
        yield source.fault(
            here,
            f"training needs framework: {' or '.join(TRAINED_FRAMEWORKS)}, whose image trains as "
            f"well as it serves, or an algorithm; got {framework!r}",
        )


def _algorithm(name: object) -> Algorithm | None:
    """The built-in algorithm of the model; None where there is none, or no such."""
    return algorithm(name) if isinstance(name, str) and name in algorithm_names() else None


def _scripts(file: TrainingFile, known: Algorithm | None) -> ScriptsSpec:
    """The scripts, those that are left out filled in."""
    left_out = {} if known is not None else DEFAULT_SCRIPTS
    return ScriptsSpec(
        process=left_out.get("process") if file.process is None else file.process,
        train=left_out.get("train") if file.train is None else file.train,
        evaluate=file.evaluate,
    )


def _jobs(file: TrainingFile) -> int:
    """How many jobs a run has at most, where a script trains: it processes and evaluates too."""
    return 2 + (1 if file.tune is None else file.tune.most_jobs)


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


def _code_faults(file: TrainingFile, known: Algorithm | None, shelf: Shelf) -> Iterator[str]:
    path = shelf.path(file.code)
    if not path.is_dir():
        yield f"code is {file.code!r}, which is no folder (it starts at the project file)"
        return
    try:
        names = shelf.contents(file.code).names
    except ArtifactError as error:
        yield f"code is {file.code!r}: {error}"
        return
    scripts = _scripts(file, known)
    for key, script in (
        ("process", scripts.process),
        ("train", scripts.train),
        ("evaluate", scripts.evaluate),
    ):
        if script is not None and script not in names:
            listed = ", ".join(name for name in names if name.endswith(".py"))
            yield f"{key} is {script!r}, which is not in {file.code}; there are: {listed}"


def training_of(
    file: TrainingFile | None, shelf: Shelf, *, by: str | None = None, regions: Collection[str] = ()
) -> TrainingSpec | None:
    """The specification of a checked section; None without one. `by` is the algorithm."""
    if file is None:
        return None
    known = _algorithm(by)
    return TrainingSpec(
        code=shelf.path(file.code),
        code_digest=shelf.contents(file.code).digest,
        data=file.data,
        scripts=_scripts(file, known),
        hyperparameters=texts_of(file.hyperparameters),
        requirements=tuple(_requirement(each) for each in file.require),
        instance_type=file.instance_type,
        volume_gb=file.volume_gb,
        timeout_seconds=seconds_of(file.timeout),
        schedule=file.schedule,
        approval=file.approve,
        keep_days=seconds_of(file.keep) // DAY,
        algorithm=algorithm_of(file, by, sorted(regions)),
        metrics=dict(file.metrics),
        tuning=tuning_of(file, known),
        spot=spot_of(file, known),
        warm_seconds=None if file.warm_pool is None else seconds_of(file.warm_pool),
        isolated=file.network_isolation,
        vpc=vpc_of(file),
        most_usd=file.most_usd,
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
