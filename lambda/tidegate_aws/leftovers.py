"""Models and endpoint configurations that deploys left behind, found and removed.

The template retains what it replaces, because one may roll back to it. What is neither served, nor
of the previous deploy, nor in an open release goes away here. A resource is touched only if its tag
`tidegate:model` is the one of the configuration that serves now: a name proves nothing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tidegate_aws.errors import code_of, message_of

if TYPE_CHECKING:
    from botocore.exceptions import ClientError
    from mypy_boto3_sagemaker import SageMakerClient

TAG = "tidegate:model"
MOST_A_RUN = 20
"""Removing goes on with the next deploy; a custom resource has to answer in time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Leftovers:
    """What may be removed for one model, by way of the configuration that serves it."""

    client: SageMakerClient

    def remove(self, *, serving: str, keep: Collection[str]) -> str:
        """Leftovers are gone, at most twenty a run; a sentence says what was done, or why not.

        `keep` are names of endpoint configurations that stay with their models.
        """
        try:
            return self._remove(serving=serving, keep=keep)
        except self.client.exceptions.ClientError as error:
            # A deploy that is right must not fail over tidying up behind it.
            return f"not all removed: {code_of(error)}: {message_of(error)}"

    def _remove(self, *, serving: str, keep: Collection[str]) -> str:
        current = self.client.describe_endpoint_config(EndpointConfigName=serving)
        owner = self._owner(current["EndpointConfigArn"])
        if owner is None:
            return f"nothing removed: {serving} has no tag {TAG}"
        kept = {serving, *keep}
        models = {name for config in kept for name in self._models_of(config)}
        old_configs = [n for n in self._configs(serving, owner) if n not in kept][:MOST_A_RUN]
        for name in old_configs:
            self._delete_config(name)
        in_use = {n for c in self._configs(serving, owner) for n in self._models_of(c)}
        prefixes = {_stem(name) for name in models}
        known = {name for prefix in prefixes for name in self._model_names(prefix, owner)}
        old_models = sorted(known - models - in_use)[:MOST_A_RUN]
        for name in old_models:
            self._delete_model(name)
        return f"removed {len(old_configs)} endpoint configurations and {len(old_models)} models"

    def _delete_config(self, name: str) -> None:
        try:
            self.client.delete_endpoint_config(EndpointConfigName=name)
        except self.client.exceptions.ClientError as error:
            if not _gone(error):
                raise

    def _delete_model(self, name: str) -> None:
        try:
            self.client.delete_model(ModelName=name)
        except self.client.exceptions.ClientError as error:
            if not _gone(error):
                raise

    def _models_of(self, config_name: str) -> Iterator[str]:
        try:
            config = self.client.describe_endpoint_config(EndpointConfigName=config_name)
        except self.client.exceptions.ClientError as error:
            if _gone(error):
                return
            raise
        variants = [*config["ProductionVariants"], *config.get("ShadowProductionVariants", [])]
        for variant in variants:
            if "ModelName" in variant:
                yield variant["ModelName"]

    def _configs(self, serving: str, owner: str) -> Iterator[str]:
        pages = self.client.get_paginator("list_endpoint_configs").paginate(
            NameContains=_stem(serving)
        )
        for page in pages:
            for config in page["EndpointConfigs"]:
                if self._owner(config["EndpointConfigArn"]) == owner:
                    yield config["EndpointConfigName"]

    def _model_names(self, stem: str, owner: str) -> Iterator[str]:
        for page in self.client.get_paginator("list_models").paginate(NameContains=stem):
            for model in page["Models"]:
                if self._owner(model["ModelArn"]) == owner:
                    yield model["ModelName"]

    def _owner(self, arn: str) -> str | None:
        pages = self.client.get_paginator("list_tags").paginate(ResourceArn=arn)
        tags = {tag["Key"]: tag["Value"] for page in pages for tag in page["Tags"]}
        return tags.get(TAG)


def _stem(name: str) -> str:
    """A generated name without the random part at its end: what its predecessors share with it."""
    return name.rpartition("-")[0] or name


def _gone(error: ClientError) -> bool:
    return "Could not find" in message_of(error)
