"""The shape of section `notebooks`; its rules are in `notebooks.py`."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.durations import PATTERN
from stacks.project.part import ModelName, Part

SUBNET = r"^subnet-[0-9a-f]{8,17}$"
SECURITY_GROUP = r"^sg-[0-9a-f]{8,17}$"
CODE = r"^https://[^\s/]+/\S+$"
VOLUME_KEY = r"^arn:aws[a-z-]*:kms:[a-z0-9-]+:\d{12}:key/[0-9a-f-]{36}$"


class Internet(StrEnum):
    """Whether a notebook reaches the internet."""

    NONE = "none"
    DIRECT = "direct"


class NotebookNetworkFile(Part):
    """A network of yours, whose routes say what a notebook reaches."""

    subnet: Annotated[str, StringConstraints(pattern=SUBNET)]
    """Id of the subnet."""
    security_groups: Annotated[
        list[Annotated[str, StringConstraints(pattern=SECURITY_GROUP)]],
        Field(min_length=1, max_length=5),
    ]
    """Ids of its security groups."""


class NotebookFile(Part):
    """A SageMaker notebook instance: where somebody explores, with rights of its own."""

    instance_type: str = "ml.t3.medium"
    """SageMaker instance type; it bills while it runs."""
    volume_gb: Annotated[int, Field(ge=5, le=16384)] = 5
    """Size of the volume in GB; it bills while the instance is stopped, too."""
    idle_stop: Annotated[str, StringConstraints(pattern=PATTERN)] | None = "1h"
    """Stops the instance when nobody has worked for so long, 10m to 7d; null: nothing does."""
    internet: Annotated[Internet, Field(strict=False)] = Internet.NONE
    """none: it reaches S3 and SageMaker only, by endpoints of a network that is made for it.
    direct: it reaches the internet, by SageMaker's network."""
    network: NotebookNetworkFile | None = None
    """A network of yours instead of the one that is made."""
    repository: Annotated[str, StringConstraints(pattern=CODE, max_length=1024)] | None = None
    """URL of a Git repository that is cloned at the first start, public or with credentials that
    the instance finds."""
    models: Annotated[list[ModelName], Field(max_length=20)] = []
    """Models of the project that it may ask; its role may do nothing else but stop itself."""
    sample: str | None = None
    """A file with a request's body (JSON), which the starter notebook sends to them."""
    volume_key: Annotated[str, StringConstraints(pattern=VOLUME_KEY)] | None = None
    """ARN of a KMS key for the volume; left out: a key that is made for the stage's notebooks."""
