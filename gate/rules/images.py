"""Container images: SageMaker takes them from ECR of its own region, its own from one account."""

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path as FilePath
from typing import Any

from gate.finding import Fault, Path
from gate.rule import Rule, each
from gate.template import Assembly, Resource, items, text_of

_REGISTRIES = FilePath(__file__).parent.parent / "registries.json"
_ECR = re.compile(
    r"^(?P<account>\d{12}|\$\{[^}]+\})\.dkr\.ecr\.(?P<region>[a-z0-9-]+|\$\{[^}]+\})\."
    r"(?:amazonaws\.com(?:\.cn)?|\$\{[^}]+\})/(?P<repository>[^:@]+)(?P<rest>[:@].+)?$"
)
_ADDRESS = "ACCOUNT.dkr.ecr.REGION.amazonaws.com/NAME:TAG"


@cache
def registries() -> Mapping[str, Mapping[str, str]]:
    """Repository of one of SageMaker's own images, then region, to the account that has it."""
    read: dict[str, dict[str, str]] = json.loads(_REGISTRIES.read_text(encoding="utf-8"))[
        "accounts"
    ]
    return read


def _containers(model: Resource) -> Iterator[tuple[Path, Any]]:
    if model.at("PrimaryContainer", "Image") is not None:
        yield ("PrimaryContainer", "Image"), model.at("PrimaryContainer", "Image")
    for index, container in enumerate(items(model.at("Containers"))):
        if isinstance(container, Mapping) and container.get("Image") is not None:
            yield ("Containers", index, "Image"), container["Image"]


@each("AWS::SageMaker::Model")
def _address(model: Resource) -> Iterator[Fault]:
    for path, image in _containers(model):
        text = text_of(image)
        if text is not None and "${" not in text and _ECR.match(text) is None:
            advice = "push the image to ECR in the region of the endpoint"
            yield model.fault(
                path, "SageMaker pulls from ECR only", got=text, allowed=_ADDRESS, advice=advice
            )


def _region(assembly: Assembly) -> Iterator[Fault]:
    for model in assembly.of("AWS::SageMaker::Model"):
        regions = assembly.regions_of(model.template)
        for path, image in _containers(model):
            match = _ECR.match(text_of(image) or "")
            if match is None or "$" in match["region"] or set(regions) <= {match["region"]}:
                continue
            here = ", ".join(regions[:3]) + (" and others" if len(regions) > 3 else "")
            yield model.fault(
                path,
                "the image is in one region, and the stack may go to another",
                got=match["region"],
                allowed=f"{here}; or ${{AWS::Region}} in the address",
            )


@each("AWS::SageMaker::Model")
def _account(model: Resource) -> Iterator[Fault]:
    for path, image in _containers(model):
        match = _ECR.match(text_of(image) or "")
        known = None if match is None else registries().get(match["repository"])
        if match is None or known is None or "$" in match["account"] or "$" in match["region"]:
            continue
        right = known.get(match["region"])
        if match["account"] not in known.values():
            # A copy in a registry of one's own has whatever account it likes.
            continue
        if right is None:
            yield model.fault(
                path,
                f"{match['repository']} has no image in this region",
                got=match["region"],
                allowed=", ".join(sorted(known)),
            )
        elif right != match["account"]:
            yield model.fault(
                path,
                f"the account of {match['repository']} is that of another region",
                got=match["account"],
                allowed=f"{right} in {match['region']}",
            )


_GUIDE = "SageMaker developer guide, Docker registry paths; SageMaker SDK, image_uris"
RULES = (
    Rule(
        id="image-address",
        holds="a model's image is in ECR",
        source="SageMaker API reference, ContainerDefinition",
        check=_address,
    ),
    Rule(
        id="image-region",
        holds="a model's image is in the region of its endpoint",
        source="SageMaker API reference, ContainerDefinition",
        check=_region,
    ),
    Rule(
        id="image-account",
        holds="SageMaker's own images come from the account that has them in the region",
        source=_GUIDE,
        check=_account,
    ),
)
