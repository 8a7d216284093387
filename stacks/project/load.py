"""Loads a project file: the specification, or every fault at once."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from stacks.project.ab_tests import challengers_of
from stacks.project.algorithms import algorithm_images
from stacks.project.artifact_spec import Artifact, Awaited, ListedArtifact
from stacks.project.batch_rules import batch_of
from stacks.project.batch_shape import BatchFile
from stacks.project.batches import BatchModelSpec
from stacks.project.container_shape import ContainerFile
from stacks.project.door_rules import door_of
from stacks.project.durations import DAY, seconds_of
from stacks.project.edge_rules import edge_of
from stacks.project.faults import Fault, ProjectFaultsError
from stacks.project.framework_contents import framework_environment, program_environment
from stacks.project.hosting_rules import fleet_of, hosting_of
from stacks.project.hosting_shape import HostingFile
from stacks.project.locate import Shelf, artifact_at, label_of
from stacks.project.monitoring import monitoring_of
from stacks.project.names import profiling_name
from stacks.project.notebooks import notebook_of
from stacks.project.pipeline_rules import pipeline_faults, pipeline_of
from stacks.project.releases import following_of, plan_of
from stacks.project.rules import rule_faults
from stacks.project.services import service_of
from stacks.project.shape import (
    AlarmsFile,
    CaptureFile,
    ModelFile,
    ProjectFile,
    StageFile,
)
from stacks.project.source import Source, read_source
from stacks.project.spec import (
    AlarmsSpec,
    BudgetSpec,
    CaptureSpec,
    ContainerSpec,
    ModelSpec,
    ProjectSpec,
    StageSpec,
)
from stacks.project.structure import structural_faults
from stacks.project.tables import images, partitions
from stacks.project.target_rules import targets_of
from stacks.project.trainings import training_of


def load_project(path: Path) -> ProjectSpec:
    """The specification of a project file; ProjectFaultsError with all that is wrong with it.

    Relative paths in it start at its own folder.
    """
    source = read_source(path, shown_as=path.name)
    shelf = Shelf(root=path.parent)
    faults = (
        *structural_faults(source),
        *rule_faults(source, shelf),
        *pipeline_faults(source, shelf),
    )
    if faults:
        raise ProjectFaultsError(faults)
    return _project(source, shelf)


def _project(source: Source, shelf: Shelf) -> ProjectSpec:
    file = ProjectFile.model_validate(source.value)
    stages = {name: _stage(file.project, name, stage) for name, stage in file.stages.items()}
    regions = {stage.region for stage in stages.values()}
    hosted = {
        name: _model(name, model, model.hosting, _Around(shelf=shelf, regions=regions))
        for name, model in file.models.items()
        if model.hosting is not None
    }
    return ProjectSpec(
        name=file.project,
        stages=stages,
        models={name: model for name, model in hosted.items() if not model.awaited},
        unborn={name: model for name, model in hosted.items() if model.awaited},
        batches={
            name: _batch(name, model, model.batch, _Around(shelf=shelf, regions=regions))
            for name, model in file.models.items()
            if model.batch is not None
        },
        pipeline=pipeline_of(file.pipeline, stages, shelf),
        services={
            name: service_of(name, service, shelf) for name, service in file.services.items()
        },
        notebooks={
            name: notebook_of(name, notebook, shelf) for name, notebook in file.notebooks.items()
        },
        edge={
            name: edge_of(name, fleet, _artifacts(file), shelf) for name, fleet in file.edge.items()
        },
    )


def _artifacts(file: ProjectFile) -> dict[str, str]:
    """Artifacts of models by name, of those that have one before they are trained."""
    return {n: model.artifact for n, model in file.models.items() if model.artifact is not None}


def _stage(project: str, name: str, file: StageFile) -> StageSpec:
    return StageSpec(
        name=name,
        region=file.region,
        partition=partitions()[file.region],
        account=file.account,
        data_on_destroy=file.data_on_destroy,
        log_days=file.log_days,
        requests_per_second=file.requests_per_second,
        alarm_topic=file.alarm_topic,
        notify=tuple(file.notify),
        outcome_files_days=_outcome_files_days(file),
        door=door_of(file.front_door),
        budget=_budget(file),
        profiling=profiling_name(project, name) if file.profiling else None,
    )


def _budget(file: StageFile) -> BudgetSpec | None:
    if file.budget is None:
        return None
    return BudgetSpec(usd_a_month=file.budget.usd_a_month, notify=tuple(file.budget.notify))


def _outcome_files_days(file: StageFile) -> int | None:
    return None if file.outcome_files is None else seconds_of(file.outcome_files.keep) // DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class _Around:
    """Where artifacts are, and the regions of the stages."""

    shelf: Shelf
    regions: set[str]


def _model(name: str, file: ModelFile, hosting: HostingFile, around: _Around) -> ModelSpec:
    first, *then = _containers(file, around)
    environment, shelf = first.environment, around.shelf
    return ModelSpec(
        name=name,
        label=_label(file),
        images=first.images,
        artifact=first.artifact,
        environment=environment,
        then=tuple(then),
        hosting=hosting_of(hosting),
        capture=_capture(file.data_capture),
        alarms=_alarms(file.alarms),
        plan=plan_of(file.release, fleet_of(hosting)),
        challengers=challengers_of(file.release, environment, shelf),
        following=following_of(file.release, fleet_of(hosting)),
        training=training_of(file.training, shelf, by=file.algorithm, regions=around.regions),
        monitoring=monitoring_of(
            file.monitoring, shelf, outcome_window=seconds_of(file.release.outcome_window)
        ),
    )


def _batch(name: str, file: ModelFile, batch: BatchFile, around: _Around) -> BatchModelSpec:
    first, *then = _containers(file, around)
    return BatchModelSpec(
        name=name,
        label=_label(file),
        images=first.images,
        artifact=first.artifact,
        environment=first.environment,
        then=tuple(then),
        batch=batch_of(batch),
        hosted=file.hosting is not None,
    )


def _containers(file: ModelFile, around: _Around) -> tuple[ContainerSpec, ...]:
    """The model's only container, or those of its pipeline; a package has no image of ours."""
    if file.model_package is not None:
        package = ListedArtifact(arn=file.model_package)
        return (
            ContainerSpec(
                images=dict.fromkeys(sorted(around.regions), ""), artifact=package, environment={}
            ),
        )
    given = (file,) if file.containers is None else file.containers
    return tuple(
        ContainerSpec(
            images={region: _image(each, region) for region in sorted(around.regions)},
            artifact=_artifact(each, around.shelf),
            environment=_environment(each),
        )
        for each in given
    )


def _artifact(file: ModelFile | ContainerFile, shelf: Shelf) -> Artifact:
    """The artifact, or those of several models.

    Or none yet: of a model whose first version is still to be trained.
    """
    several = targets_of(file, shelf) if isinstance(file, ModelFile) else None
    if several is not None:
        return several
    return Awaited() if file.artifact is None else artifact_at(file.artifact, shelf)


def _label(file: ModelFile) -> str:
    """The given one, or the name of the artifact; of a pipeline, that of its last container.

    Of several models, how many they are.
    """
    if file.label is not None:
        return file.label
    if file.target_models is not None:
        return f"{len(file.target_models)}-models"
    if file.model_package is not None:
        return file.model_package.rpartition("/")[2]
    last = file.artifact if file.containers is None else file.containers[-1].artifact
    return "untrained" if last is None else label_of(last)


def _image(file: ModelFile | ContainerFile, region: str) -> str:
    if file.image is not None:
        return file.image
    if isinstance(file, ModelFile) and file.algorithm_arn is not None:
        return file.algorithm_arn
    if isinstance(file, ModelFile) and file.algorithm is not None:
        return algorithm_images()[file.algorithm][str(file.algorithm_version)][region]
    return images()[str(file.framework)][str(file.framework_version)][region]


def _environment(file: ModelFile | ContainerFile) -> Mapping[str, str]:
    if file.framework is None:
        return dict(file.environment)
    if isinstance(file, ModelFile) and file.target_models is not None:
        # Their program is not among them: the template says where it is.
        return {**file.environment, **program_environment(file.entry_point)}
    return {**file.environment, **framework_environment(file.framework, file.entry_point)}


def _capture(file: CaptureFile) -> CaptureSpec:
    return CaptureSpec(percent=file.percent, keep_days=seconds_of(file.keep) // DAY)


def _alarms(file: AlarmsFile) -> AlarmsSpec:
    return AlarmsSpec(
        server_errors_percent=file.server_errors_percent,
        client_errors_percent=file.client_errors_percent,
        latency_milliseconds=int(file.latency.removesuffix("ms")),
    )


__all__ = ["Fault", "ProjectFaultsError", "load_project"]
