"""Multi-model containers as the control plane sees them: a prefix of models and their one program.

Source: developer guide, "Multi-model endpoints" and the pages below it; API reference,
ContainerDefinition. What AWS hosts no multi-model container with is refused in our own words.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from emulator.sagemaker import errors
from emulator.sagemaker.artifacts import Artifacts, location
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.ports import TargetMissingError
from emulator.sagemaker.serverless import is_serverless
from emulator.sagemaker.state import Model

_PROGRAM_ARCHIVE = "SAGEMAKER_SUBMIT_DIRECTORY"


def is_multi_model(container: Mapping[str, Any]) -> bool:
    """Whether the container hosts the models below a prefix."""
    return container.get("Mode") == "MultiModel"


def prefix_of(container: Mapping[str, Any]) -> str:
    """The URL below which the container's models are; an error where it names none."""
    url = container.get("ModelDataUrl")
    if container.get("ModelDataSource") is not None or url is None or not url.endswith("/"):
        raise errors.validation(
            "A container of Mode MultiModel has the prefix of its models as ModelDataUrl, which "
            f"ends with a slash, got {'none' if url is None else url}."
        )
    return str(url)


def _has_several(model: Model) -> bool:
    return any(is_multi_model(container) for container in model.containers)


def refuse_unhosted(model: Model) -> None:
    """A multi-model container is a model's only one, and its own, or an error says so."""
    if not _has_several(model):
        return
    if len(model.containers) > 1:
        raise errors.not_emulated("multi-model containers in inference pipelines (Mode MultiModel)")
    if model.packaged is not None:
        raise errors.not_emulated("multi-model containers of model packages (Mode MultiModel)")


def check_variant(model: Model, definition: Mapping[str, Any], config: Mapping[str, Any]) -> None:
    """ValidationException where a variant of a multi-model container has what goes with none.

    Only InvokeEndpoint names a model, and it reaches no shadow variant's.
    """
    if not _has_several(model):
        return
    excluded = (
        ("serverless variants", is_serverless(definition)),
        ("shadow variants", bool(config.get("ShadowProductionVariants"))),
        ("asynchronous inference", config.get("AsyncInferenceConfig") is not None),
    )
    for words, asked_for in excluded:
        if asked_for:
            raise _refused(model, words)


def refuse_transform(model: Model) -> None:
    """Batch transform names no model either."""
    if _has_several(model):
        raise _refused(model, "batch transform")


def _refused(model: Model, words: str) -> errors.SageMakerError:
    return errors.validation(
        f"Multi-model containers are not supported for {words}: model {model.name} is of Mode "
        "MultiModel."
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixTargets:
    """The objects below a prefix, read by the model's role."""

    artifacts: Artifacts
    tenant: Tenant
    prefix: str
    role_arn: str

    def url(self, relative: str) -> str:
        """Prefix and relative path, as they are."""
        return f"{self.prefix}{relative}"

    async def fetch(self, relative: str) -> Path:
        """A local copy of the object; TargetMissingError also where the role may not read it."""
        url = self.url(relative)
        try:
            return await self.artifacts.fetch(self.tenant, url, self.role_arn)
        except errors.SageMakerError as error:
            bucket, key = location(url)
            raise TargetMissingError(bucket=bucket, key=key) from error


def program_url(environment: Mapping[str, str]) -> str | None:
    """The archive of the program of all models; None where a folder is named, or nothing."""
    named = environment.get(_PROGRAM_ARCHIVE, "")
    return named if named.startswith("s3://") else None
