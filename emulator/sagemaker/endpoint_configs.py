"""The operations on endpoint configurations: records that endpoints are built from.

AWS lets a configuration in use be deleted (and advises against it); a later update of its endpoint
then fails. So it is here.
"""

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from emulator.sagemaker import describe, errors, multi_model, names, serverless, tags
from emulator.sagemaker.asynchronous import config as asynchronous
from emulator.sagemaker.listing import page_of
from emulator.sagemaker.names import Tenant
from emulator.sagemaker.state import EndpointConfig
from emulator.sagemaker.store import Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class EndpointConfigOperations:
    """Create, describe, delete and list endpoint configurations; `now` is Unix seconds."""

    store: Store
    now: Callable[[], float]

    async def create(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The configuration exists; every model it names exists too."""
        name = str(request["EndpointConfigName"])
        arn = tenant.arn(names.ENDPOINT_CONFIG, name)
        shelf = self.store.shelf(tenant)
        if name.lower() in shelf.configs:
            raise errors.already_exists(names.ENDPOINT_CONFIG, arn)
        shadows = request.get("ShadowProductionVariants", [])
        _check_shadows(request["ProductionVariants"], shadows)
        serverless.check_config(request)
        asynchronous.check_config(request)
        self._check_variants(tenant, request, [*request["ProductionVariants"], *shadows])
        shelf.configs[name.lower()] = EndpointConfig(
            name=name,
            arn=arn,
            request=_with_defaults(request),
            created=self.now(),
        )
        tags.set_at_creation(shelf, arn, request)
        return {"EndpointConfigArn": arn}

    def _check_variants(
        self, tenant: Tenant, request: Mapping[str, Any], variants: Sequence[Mapping[str, Any]]
    ) -> None:
        repeated = [n for n, c in Counter(v["VariantName"] for v in variants).items() if c > 1]
        if repeated:
            raise errors.validation(
                f"Variant names must be unique within an endpoint configuration, got "
                f"{', '.join(repeated)} more than once."
            )
        for variant in variants:
            if "ModelName" in variant:
                model = self.store.model(tenant, variant["ModelName"])
                if serverless.is_serverless(variant):
                    serverless.check_model(model)
                multi_model.check_variant(model, variant, request)
            _require_hardware(variant)

    async def describe(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The configuration as it was created."""
        return describe.endpoint_config(self.store.config(tenant, request["EndpointConfigName"]))

    async def delete(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The configuration is gone, also if an endpoint uses it."""
        config = self.store.config(tenant, request["EndpointConfigName"])
        shelf = self.store.shelf(tenant)
        del shelf.configs[config.name.lower()]
        shelf.tags.pop(config.arn, None)
        return {}

    async def list_(self, tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """One page of the configurations."""
        page = page_of(list(self.store.shelf(tenant).configs.values()), request)
        return page.answer("EndpointConfigs", _summary)


def _summary(config: EndpointConfig) -> Json:
    return {
        "EndpointConfigName": config.name,
        "EndpointConfigArn": config.arn,
        "CreationTime": config.created,
    }


def _check_shadows(
    production: Sequence[Mapping[str, Any]], shadows: Sequence[Mapping[str, Any]]
) -> None:
    """One of each (CreateEndpointConfig, API reference); AWS's own sentences are not known to us.

    That neither may be serverless is not in the reference, but in the console's shadow tests, which
    take instances only.
    """
    if not shadows:
        return
    if len(production) != 1 or len(shadows) != 1:
        raise errors.validation(
            "With ShadowProductionVariants you can specify only one variant for ProductionVariants "
            f"and one variant for ShadowProductionVariants, got {len(production)} and "
            f"{len(shadows)}."
        )
    if any(variant.get("ServerlessConfig") is not None for variant in (*production, *shadows)):
        raise errors.validation("Shadow variants are not supported with ServerlessConfig.")


def _require_hardware(variant: Mapping[str, Any]) -> None:
    """A variant on instances says which and how many; AWS's own sentence is not known to us."""
    if any(variant.get(kind) is not None for kind in ("ServerlessConfig", "InstancePools")):
        return
    missing = [
        member for member in ("InstanceType", "InitialInstanceCount") if variant.get(member) is None
    ]
    if missing and "ModelName" in variant:
        raise errors.validation(
            f"{' and '.join(missing)} must be specified for production variant "
            f"{variant['VariantName']}."
        )


def _with_defaults(request: Mapping[str, Any]) -> Json:
    """The request without tags, each variant with the weight it has when none is given: 1."""
    kept = {key: value for key, value in request.items() if key != "Tags"}
    for member in ("ProductionVariants", "ShadowProductionVariants"):
        if member in kept:
            kept[member] = [{"InitialVariantWeight": 1.0, **variant} for variant in kept[member]]
    return kept
