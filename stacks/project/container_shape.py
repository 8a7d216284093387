"""The shape of section `containers` of a model; its rules are in `container_rules.py`."""

from stacks.project.part import Part
from stacks.project.release_shape import Environment


class ContainerFile(Part):
    """A container of an inference pipeline: it is asked what the one before it answered."""

    framework: str | None = None
    """A framework whose SageMaker container it is, such as scikit-learn."""
    framework_version: str | None = None
    """Version of the framework's container, in quotes."""
    image: str | None = None
    """URI of an own container image in ECR, instead of framework and framework_version."""
    artifact: str
    """A directory, a .tar.gz, or s3://bucket/key?versionId=..., as of a model."""
    entry_point: str | None = None
    """File under the artifact's code/ that the framework's container loads: inference.py."""
    environment: Environment = {}
    """Environment variables of this container; they are part of the version."""
