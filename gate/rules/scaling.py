"""Autoscaling of SageMaker variants."""

import re
from collections.abc import Iterator

from gate.finding import Fault
from gate.rule import Rule, each
from gate.rules.variants import CONFIG
from gate.template import Resource, mappings, text_of

TARGET = "AWS::ApplicationAutoScaling::ScalableTarget"
INSTANCES = "sagemaker:variant:DesiredInstanceCount"
_VARIANT = re.compile(r"^endpoint/(?P<endpoint>.+)/variant/(?P<variant>[^/]+)$")
_BURSTABLE = ("ml.t2.",)


@each(TARGET)
def _range(scaled: Resource) -> Iterator[Fault]:
    low, high = scaled.at("MinCapacity"), scaled.at("MaxCapacity")
    if isinstance(low, int) and isinstance(high, int) and low > high:
        allowed = f"at least MinCapacity, {low}"
        yield scaled.fault(
            ("MaxCapacity",), "the most is below the least", got=high, allowed=allowed
        )


@each(TARGET)
def _named(scaled: Resource) -> Iterator[Fault]:
    if scaled.at("ScalableDimension") != INSTANCES:
        return
    text = text_of(scaled.at("ResourceId"))
    match = None if text is None else _VARIANT.match(text)
    if match is None:
        yield scaled.fault(
            ("ResourceId",),
            "no variant has this id",
            got=text,
            allowed="endpoint/NAME/variant/NAME",
        )
        return
    names = [
        str(variant.get("VariantName"))
        for config in scaled.template.of(CONFIG)
        for variant in mappings(config.at("ProductionVariants"))
    ]
    if names and "${" not in match["variant"] and match["variant"] not in names:
        yield scaled.fault(
            ("ResourceId",),
            "no configuration has this variant",
            got=match["variant"],
            allowed=", ".join(sorted(set(names))),
        )


@each(TARGET)
def _burstable(scaled: Resource) -> Iterator[Fault]:
    if scaled.at("ScalableDimension") != INSTANCES:
        return
    match = _VARIANT.match(text_of(scaled.at("ResourceId")) or "")
    for config in scaled.template.of(CONFIG):
        for index, variant in enumerate(mappings(config.at("ProductionVariants"))):
            of = match is not None and match["variant"] == variant.get("VariantName")
            kind = str(variant.get("InstanceType"))
            if of and kind.startswith(_BURSTABLE):
                path = ("ProductionVariants", index, "InstanceType")
                yield config.fault(
                    path,
                    "burstable instances are not autoscaled",
                    got=kind,
                    advice="take another instance type, or drop the scalable target",
                )


_GUIDE = "SageMaker developer guide, Automatic scaling of models"
RULES = (
    Rule(
        id="scaling-range",
        holds="the most instances are not fewer than the least",
        source="Application Auto Scaling API reference, RegisterScalableTarget",
        check=_range,
    ),
    Rule(
        id="scaling-variant",
        holds="a scalable target names a variant that there is",
        source=f"{_GUIDE}: register a model",
        check=_named,
    ),
    Rule(
        id="scaling-instance-type",
        holds="an autoscaled variant runs on instances that can be scaled",
        source=f"{_GUIDE}: burstable instances are not supported",
        check=_burstable,
    ),
)
