"""Which variant a request goes to: one independent weighted draw a request, nothing sticky."""

from collections.abc import Sequence

from emulator.sagemaker.ports import VariantView


def draw_variant(variants: Sequence[VariantView], random_unit: float) -> VariantView | None:
    """The variant that `random_unit`, uniform in [0, 1), falls to; None when all weights are 0.

    A variant gets weight / sum of weights of the requests (ProductionVariant, API reference), and
    one of weight 0 gets none, whatever the draw.
    """
    eligible = [variant for variant in variants if variant.weight > 0]
    left = random_unit * sum(variant.weight for variant in eligible)
    for variant in eligible:
        left -= variant.weight
        if left < 0:
            return variant
    return eligible[-1] if eligible else None  # rounding may leave a hair at the end
