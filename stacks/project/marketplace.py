"""Models of AWS Marketplace: a subscribed package or algorithm, and what it rules out.

Of an algorithm the artifact is the buyer's own, and the image the seller's.
"""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from stacks.project.faults import Fault
from stacks.project.source import section_of

Say = Callable[..., Fault]
"""Makes a fault of a message, at keys below the model."""

MODEL_PACKAGE = (
    r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:model-package/[a-zA-Z0-9](-*[a-zA-Z0-9/])*$"
)
ALGORITHM = (
    r"^arn:aws[a-z-]*:sagemaker:[a-z0-9-]+:\d{12}:algorithm/[a-zA-Z0-9](-*[a-zA-Z0-9]){0,62}$"
)
_REGION = re.compile(r"^arn:[^:]+:sagemaker:(?P<region>[^:]+):")
_OF_THE_PRODUCT = (
    *("framework", "framework_version", "image", "entry_point"),
    *("algorithm", "algorithm_version"),
    *("environment", "containers", "training"),
)
_LEGAL = "canary, linear or rolling by weights, or two tracks by dns"


def is_listed(raw: Mapping[str, Any]) -> bool:
    """Whether the model is a product, or was made with one."""
    return _key(raw) is not None


def _key(raw: Mapping[str, Any]) -> str | None:
    """The key that names the product."""
    return next((key for key in _KEYS if raw.get(key) is not None), None)


def marketplace_faults(raw: Mapping[str, Any], regions: Iterable[str], say: Say) -> Iterator[Fault]:
    """What is wrong with a model of a product.

    Sources: developer guide, exclusions of deployment guardrails, of shadow tests and of Serverless
    Inference: Marketplace containers are in each.
    """
    product = _key(raw)
    if product is None:
        return
    for key in _KEYS[product]:
        if raw.get(key) is not None:
            why = _WHY.get(f"{product} {key}", _WHY.get(key, f"comes with {_NOUNS[product]}"))
            yield say(f"{key} {why}: drop it", key)
    if product == "algorithm_arn" and raw.get("artifact") is None:
        yield say(
            "artifact is missing: name what a training job of the algorithm made, a .tar.gz here "
            "or s3://BUCKET/KEY.tar.gz?versionId=VERSION"
        )
    match = _REGION.match(str(raw.get(product)))
    for region in sorted(set(regions)) if match is not None else ():
        if match is not None and region != match["region"]:
            yield say(
                f"{product} is of {match['region']}, a stage is in {region}: each region has "
                "an ARN of its own; give each region its project file",
                product,
            )
    yield from _excluded_faults(raw, say)


_KEYS: Mapping[str, tuple[str, ...]] = {
    "model_package": (*_OF_THE_PRODUCT, "artifact", "algorithm_arn"),
    "algorithm_arn": _OF_THE_PRODUCT,
}
"""What does not go with a product, by the key that names it."""
_NOUNS: Mapping[str, str] = {
    "model_package": "the model package",
    "algorithm_arn": "the algorithm",
}
_WHY: Mapping[str, str] = {
    "environment": (
        "cannot be given to a package of AWS Marketplace (CreateModel refuses it, unless AWS has "
        "enabled it for that product)"
    ),
    "training": "is not of a package that is subscribed to",
    "algorithm_arn training": (
        "does not run algorithms of AWS Marketplace: train with CreateTrainingJob's AlgorithmName, "
        "and name what it made in artifact"
    ),
}


def _excluded_faults(raw: Mapping[str, Any], say: Say) -> Iterator[Fault]:
    hosting, release = section_of(raw, "hosting"), section_of(raw, "release")
    if hosting.get("serverless") is not None:
        yield say(
            "serverless endpoints run no packages of AWS Marketplace: name an instance_type that "
            "the product supports",
            "hosting",
            "serverless",
        )
    if hosting.get("ec2") is not None:
        yield say(
            "packages of AWS Marketplace run on SageMaker only: name an instance_type that the "
            "product supports",
            "hosting",
            "ec2",
        )
    strategy, mechanism = release.get("strategy", "canary"), release.get("mechanism")
    if mechanism == "guardrail" or (strategy == "big-bang" and mechanism is None):
        yield say(
            "SageMaker moves traffic to packages of AWS Marketplace all at once, without a bake "
            f"and without going back, whatever a guardrail says: choose {_LEGAL}",
            "release",
            "strategy" if mechanism is None else "mechanism",
        )
    if strategy in {"shadow", "ab-test"}:
        why = {
            "shadow": "packages of AWS Marketplace cannot be shadowed",
            "ab-test": "an A/B test compares artifacts, and a package has none",
        }
        yield say(f"{why[strategy]}: choose {_LEGAL}", "release", "strategy")
