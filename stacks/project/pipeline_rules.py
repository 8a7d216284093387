"""Rules of section `pipeline`: what its stages, accounts and traffic must have in common."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from stacks.project.faults import Fault, did_you_mean
from stacks.project.locate import Shelf
from stacks.project.pipeline_shape import (
    PipelineFile,
    ReviewFile,
    SourceFile,
    ToolsFile,
    TrafficFile,
)
from stacks.project.pipelines import (
    PIPELINE_STAGE,
    HomeSpec,
    Mode,
    PipelineSpec,
    RepositorySource,
    ReviewSpec,
    SourceSpec,
    StoredSource,
    TrafficSpec,
)
from stacks.project.source import Source
from stacks.project.spec import DataOnDestroy, StageSpec
from stacks.project.tables import partitions
from tidegate.errors import InvalidValueError
from tidegate.requests import read_requests
from tidegate.strategies import Mechanism, Strategy

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the section."""

Entries = Mapping[str, Mapping[str, Any]]


def pipeline_faults(source: Source, shelf: Shelf) -> tuple[Fault, ...]:
    """Every broken rule of the section, if its shape is right."""
    value = source.value if isinstance(source.value, Mapping) else {}
    if value.get("pipeline") is None:
        return ()
    try:
        file = PipelineFile.model_validate(value["pipeline"])
    except ValidationError:
        return ()

    def say(message: str, *keys: str) -> Fault:
        return source.fault(("pipeline", *keys), message)

    stages, models = _entries(value, "stages"), _entries(value, "models")
    return (
        *_source_faults(file.source, say),
        *_stage_faults(file, stages, say),
        *_home_faults(file, stages, say),
        *_traffic_faults(file, models, shelf, say),
        *_door_faults(file, stages, say),
    )


def _entries(value: Mapping[str, Any], key: str) -> Entries:
    entries = value.get(key)
    if not isinstance(entries, Mapping):
        return {}
    return {name: raw for name, raw in entries.items() if isinstance(raw, Mapping)}


def _source_faults(file: SourceFile, say: Say) -> Iterator[Fault]:
    if (file.s3 is None) == (file.repository is None):
        yield say("a source is either s3 or repository: give one of the two", "source")


def _stage_faults(file: PipelineFile, stages: Entries, say: Say) -> Iterator[Fault]:
    if PIPELINE_STAGE in stages:
        yield say(f"a stage is called {PIPELINE_STAGE}, the pipeline's own name: rename the stage")
    if file.stages is None:
        if file.mode is not Mode.INTEGRATION:
            yield say(f"stages is missing: mode {file.mode} names staging and production", "mode")
        return
    for key, name in file.stages:
        if name not in stages:
            meant = did_you_mean(str(name), stages)
            yield say(f"stages.{key} is {name!r}, no stage of this file: {meant}", "stages", key)
    if file.stages.staging == file.stages.production:
        yield say(
            f"staging and production are both {file.stages.staging}: a release is proven in one "
            "before users get it in the other, name two stages",
            "stages",
            "production",
        )


def _home_faults(file: PipelineFile, stages: Entries, say: Say) -> Iterator[Fault]:
    tools = file.tools
    if tools is not None and tools.region not in partitions():
        meant = did_you_mean(tools.region, partitions())
        yield say(f"tools.region is {tools.region!r}: {meant}", "tools", "region")
    if tools is None and file.stages is None:
        yield say("tools is missing: without stages nothing says where the pipeline lives")
    named = _named_stages(file, stages)
    accounts = {name: raw.get("account") for name, raw in named.items()}
    regions = {name: raw.get("region") for name, raw in named.items()}
    if tools is not None:
        accounts["tools"], regions["tools"] = tools.account, tools.region
    if len(set(accounts.values())) > 1 and None in accounts.values():
        missing = ", ".join(sorted(name for name, account in accounts.items() if account is None))
        yield say(
            f"account of {missing} is missing: with more than one account each must be named, or "
            "nobody could say who may act in which"
        )
    if len(set(regions.values())) > 1:
        told = ", ".join(f"{name} in {region}" for name, region in regions.items())
        yield say(f"a pipeline and its stages are in one region, got {told}: move one")


def _named_stages(file: PipelineFile, stages: Entries) -> Entries:
    if file.stages is None:
        return {}
    return {name: stages[name] for _, name in file.stages if name in stages}


def _traffic_faults(file: PipelineFile, models: Entries, shelf: Shelf, say: Say) -> Iterator[Fault]:
    for name, traffic in file.traffic.items():
        if name not in models:
            meant = did_you_mean(name, models)
            yield say(f"traffic is for {name!r}, no model of this file: {meant}", "traffic", name)
            continue
        unsuited = _unsuited(models[name])
        if unsuited is not None:
            yield say(f"{name} {unsuited}", "traffic", name)
        yield from _file_faults(name, traffic, shelf, say)


def _unsuited(model: Mapping[str, Any]) -> str | None:
    """Why traffic through the HTTP API after a deploy is no evidence of the model's release."""
    if model.get("hosting") is None:
        return "has no hosting, so nobody can ask it: drop its traffic"
    release = model.get("release")
    told = release if isinstance(release, Mapping) else {}
    mechanism, strategy = told.get("mechanism"), told.get("strategy")
    at_once = strategy == Strategy.BIG_BANG.value and mechanism is None
    if at_once or mechanism == Mechanism.GUARDRAIL.value:
        return (
            "is released by its deploy (mechanism guardrail): traffic that comes after the deploy "
            "comes too late, drop it or use mechanism weights"
        )
    if mechanism == Mechanism.DNS.value:
        return (
            "is released by dns: its load balancers take tokens of your issuer only, which the "
            "pipeline has none of; drop its traffic, send it yourself"
        )
    return None


def _door_faults(file: PipelineFile, stages: Entries, say: Say) -> Iterator[Fault]:
    staging = None if file.stages is None else stages.get(file.stages.staging)
    door = None if staging is None else staging.get("front_door")
    if file.traffic and isinstance(door, Mapping) and door.get("authentication") == "jwt":
        yield say(
            "the front door of staging takes tokens (authentication jwt), traffic is signed with "
            "AWS credentials: let authentication be iam there, or drop traffic",
            "traffic",
        )


def _file_faults(name: str, traffic: TrafficFile, shelf: Shelf, say: Say) -> Iterator[Fault]:
    path = shelf.path(traffic.file)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        yield say(
            f"file is {traffic.file!r}, which cannot be read ({type(error).__name__}): write "
            "requests into it, a JSON document a line",
            "traffic",
            name,
            "file",
        )
        return
    try:
        read_requests(text, kind=traffic.kind)
    except InvalidValueError as error:
        for fault in error.faults[:10]:
            yield say(f"file {traffic.file}: {fault}", "traffic", name, "file")


def pipeline_of(
    file: PipelineFile | None, stages: Mapping[str, StageSpec], shelf: Shelf
) -> PipelineSpec | None:
    """The specification of a section without faults; None where there is no pipeline."""
    if file is None:
        return None
    return PipelineSpec(
        mode=file.mode,
        home=_home(file, stages),
        source=_source(file.source),
        project_file=file.project_file,
        staging=None if file.stages is None else file.stages.staging,
        production=None if file.stages is None else file.stages.production,
        traffic={name: _traffic(each, shelf) for name, each in sorted(file.traffic.items())},
        approvers=tuple(sorted(set(file.approvers))),
        alarm=file.alarm,
        execution=file.execution,
        compute=file.compute,
        model_package_group=file.model_package_group,
        review=None if file.review is None else _review(file.review),
    )


def _review(file: ReviewFile) -> ReviewSpec:
    return ReviewSpec(
        engine=file.engine,
        fail_on=file.fail_on,
        paths=tuple(file.paths),
        exclude=tuple(file.exclude),
        ignore=tuple(file.ignore),
    )


def _home(file: PipelineFile, stages: Mapping[str, StageSpec]) -> HomeSpec:
    if file.tools is not None:
        return _home_of(file.tools)
    if file.stages is None:
        raise ValueError("a pipeline without tools and stages has no place: check the file first")
    staging = stages[file.stages.staging]
    return HomeSpec(
        region=staging.region,
        partition=staging.partition,
        account=staging.account,
        keep_data=staging.data_on_destroy is DataOnDestroy.KEEP,
        log_days=staging.log_days,
    )


def _home_of(tools: ToolsFile) -> HomeSpec:
    return HomeSpec(
        region=tools.region,
        partition=partitions()[tools.region],
        account=tools.account,
        keep_data=tools.data_on_destroy is DataOnDestroy.KEEP,
        log_days=tools.log_days,
    )


def _source(file: SourceFile) -> SourceSpec:
    if file.repository is None:
        return StoredSource(key="source.zip" if file.s3 is None else file.s3.key)
    repository = file.repository
    return RepositorySource(
        connection=repository.connection, name=repository.name, branch=repository.branch
    )


def _traffic(file: TrafficFile, shelf: Shelf) -> TrafficSpec:
    return TrafficSpec(
        kind=file.kind,
        file=shelf.path(file.file),
        requests_per_minute=file.requests_per_minute,
    )
