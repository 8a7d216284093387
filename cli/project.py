"""What the command line needs of the project file: its name, its stages, models with a batch.

Everything else is the business of synth, which checks the whole file and reports every fault.
"""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from cli.exits import CommandError, Exit

PIPELINE_STAGE = "pipeline"
"""What synth calls the place of the pipeline itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PipelinePlace:
    """Where a pipeline lives, and the stages that a change goes through."""

    name: str
    region: str
    account: str | None
    mode: str
    staging: str | None
    production: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Project:
    """Where the project file is, and what it calls the project and its stages."""

    path: Path
    name: str
    stages: tuple[str, ...]
    regions: dict[str, str]
    accounts: dict[str, str] = field(default_factory=dict)
    """The stages that name an account, and theirs."""
    pipeline: PipelinePlace | None = None
    batches: tuple[str, ...] = ()
    """The models that have a batch."""
    trained: tuple[str, ...] = ()
    """The models that the file says how to train."""
    services: dict[str, str] = field(default_factory=dict)
    """The AI services, and the kind of each."""
    releases: bool = True
    """Whether there is a release loop; AI services alone have none."""

    def region(self, stage: str) -> str:
        """The region of a stage, or of the pipeline itself; empty where the file names none."""
        if stage == PIPELINE_STAGE and self.pipeline is not None:
            return self.pipeline.region
        return self.regions[stage]

    def account(self, stage: str) -> str | None:
        """The account of a stage, or of the pipeline itself; None where the file names none."""
        if stage == PIPELINE_STAGE and self.pipeline is not None:
            return self.pipeline.account
        return self.accounts.get(stage)

    @property
    def all_accounts(self) -> tuple[str, ...]:
        """Every account that the file names, that of the pipeline first."""
        home = None if self.pipeline is None else self.pipeline.account
        return tuple(dict.fromkeys([*([] if home is None else [home]), *self.accounts.values()]))

    def delivering(self) -> PipelinePlace:
        """The pipeline that the file describes; CommandError when it describes none."""
        if self.pipeline is None:
            raise CommandError(
                f"{self.path} has no section pipeline: docs/how-to/continuous-delivery.md says "
                "how to write one",
                code=Exit.USAGE,
            )
        return self.pipeline

    def stage(self, wanted: str | None) -> str:
        """The stage asked for, or the first one; CommandError lists the stages there are.

        `pipeline` is the place of the pipeline itself, if there is one.
        """
        if wanted is None:
            return self.stages[0]
        if wanted == PIPELINE_STAGE and wanted not in self.stages:
            self.delivering()
            return PIPELINE_STAGE
        if wanted not in self.stages:
            raise CommandError(
                f"{self.path} has no stage {wanted}, it has: {', '.join(self.stages)}",
                code=Exit.USAGE,
            )
        return wanted


def read_project(path: Path) -> Project:
    """The project that a file describes; CommandError when it is missing or has no name."""
    if not path.is_file():
        raise CommandError(
            f"{path} does not exist: run in a project's folder, or name its file by --project-file",
            code=Exit.USAGE,
        )
    try:
        data: Any = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    except YAMLError as error:
        raise CommandError(f"{path} is not YAML: {error}", code=Exit.REFUSED) from error
    stages = data.get("stages") if isinstance(data, dict) else None
    if not isinstance(stages, dict) or not stages or not isinstance(data.get("project"), str):
        raise CommandError(
            f"{path} must name the project and at least one stage: run 'cdk synth' for every fault",
            code=Exit.REFUSED,
        )
    regions = {
        name: str(stage.get("region", "")) if isinstance(stage, dict) else ""
        for name, stage in stages.items()
    }
    accounts = {
        name: str(stage["account"])
        for name, stage in stages.items()
        if isinstance(stage, dict) and stage.get("account") is not None
    }
    return Project(
        path=path,
        name=data["project"],
        stages=tuple(stages),
        regions=regions,
        accounts=accounts,
        pipeline=_pipeline(data, regions, accounts),
        batches=_models_with("batch", data),
        trained=_models_with("training", data),
        services=_services(data),
        releases=_releases(data),
    )


def _releases(data: dict[str, Any]) -> bool:
    services = data.get("services")
    every = services.values() if isinstance(services, dict) else ()
    judged = any(isinstance(one, dict) and one.get("release") is not None for one in every)
    return bool(data.get("models")) or isinstance(data.get("pipeline"), dict) or judged


def _services(data: dict[str, Any]) -> dict[str, str]:
    services = data.get("services")
    named = services.items() if isinstance(services, dict) else ()
    return {
        str(name): str(service.get("kind")) for name, service in named if isinstance(service, dict)
    }


def _models_with(section: str, data: dict[str, Any]) -> tuple[str, ...]:
    models = data.get("models")
    named = models.items() if isinstance(models, dict) else ()
    return tuple(
        str(name)
        for name, model in named
        if isinstance(model, dict) and isinstance(model.get(section), dict)
    )


def _pipeline(
    data: dict[str, Any], regions: dict[str, str], accounts: dict[str, str]
) -> PipelinePlace | None:
    section = data.get("pipeline")
    if not isinstance(section, dict):
        return None
    stages, tools = section.get("stages"), section.get("tools")
    named = stages if isinstance(stages, dict) else {}
    staging, production = named.get("staging"), named.get("production")
    staged = {"region": regions.get(str(staging)), "account": accounts.get(str(staging))}
    home = tools if isinstance(tools, dict) else staged
    region, account = home.get("region"), home.get("account")
    return PipelinePlace(
        name=f"{data['project']}-pipeline",
        region="" if region is None else str(region),
        account=None if account is None else str(account),
        mode=str(section.get("mode")),
        staging=None if staging is None else str(staging),
        production=None if production is None else str(production),
    )
