"""Turns an endpoint's state into the view that requests are served from. Pure.

While an update shifts traffic, a share of every request goes to the new variants and the rest to
the old; each side keeps the proportions of its own weights.
"""

from collections.abc import Iterator

from emulator.sagemaker.ports import EndpointView, VariantView
from emulator.sagemaker.state import Endpoint, Variant, VariantRole


def view_of(endpoint: Endpoint) -> EndpointView:
    """What requests to the endpoint see."""
    return EndpointView(
        name=endpoint.name,
        arn=endpoint.arn,
        status=endpoint.status.value,
        config_name=endpoint.config_name,
        variants=tuple(_serving(endpoint)),
        shadows=tuple(_copied_to(endpoint)),
        data_capture=endpoint.data_capture,
        asynchronous=endpoint.asynchronous,
    )


def _serving(endpoint: Endpoint) -> Iterator[VariantView]:
    share = 0.0 if endpoint.pending is None else endpoint.pending.share
    if share < 1.0:
        yield from _weighted(endpoint.variants, 1.0 - share)
    if endpoint.pending is not None and share > 0.0:
        yield from _weighted(endpoint.pending.variants, share)


def _copied_to(endpoint: Endpoint) -> Iterator[VariantView]:
    """The shadows: those of an update get copies once all traffic is on its variants."""
    pending = endpoint.pending
    moved = pending is not None and pending.share >= 1.0
    for variant in pending.variants if moved and pending is not None else endpoint.variants:
        if variant.role is VariantRole.SHADOW:
            yield VariantView(
                name=variant.name,
                weight=variant.weight,
                fleet=variant.fleet,
                config=variant.config,
            )


def _weighted(everything: tuple[Variant, ...], share: float) -> Iterator[VariantView]:
    variants = [variant for variant in everything if variant.role is VariantRole.PRODUCTION]
    total = sum(variant.weight for variant in variants)
    for variant in variants:
        mixed = share < 1.0 and total > 0.0
        weight = share * variant.weight / total if mixed else variant.weight
        yield VariantView(
            name=variant.name, weight=weight, fleet=variant.fleet, config=variant.config
        )
