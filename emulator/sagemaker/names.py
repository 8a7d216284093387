"""ARNs of SageMaker's resources, and the tenant (account and region) that they live in.

SageMaker writes resource names in lower case in ARNs, and compares them without case; policies
that name a resource with capitals would otherwise not match here where they do on AWS.
"""

from dataclasses import dataclass

MODEL = "model"
ENDPOINT_CONFIG = "endpoint configuration"
ENDPOINT = "endpoint"
MODEL_PACKAGE_GROUP = "model package group"
MODEL_PACKAGE = "model package"
ALGORITHM = "algorithm"
TRANSFORM_JOB = "transform job"
TRAINING_JOB = "training job"
PROCESSING_JOB = "processing job"
AUTOML_JOB = "AutoML job"
TUNING_JOB = "tuning job"
LABELING_JOB = "labeling job"
PIPELINE = "pipeline"
NOTEBOOK = "notebook instance"
LIFECYCLE_CONFIG = "notebook instance lifecycle config"

_ARN_TYPES = {
    MODEL: "model",
    ENDPOINT_CONFIG: "endpoint-config",
    ENDPOINT: "endpoint",
    MODEL_PACKAGE_GROUP: "model-package-group",
    MODEL_PACKAGE: "model-package",
    ALGORITHM: "algorithm",
    TRANSFORM_JOB: "transform-job",
    TRAINING_JOB: "training-job",
    PROCESSING_JOB: "processing-job",
    AUTOML_JOB: "automl-job",
    TUNING_JOB: "hyper-parameter-tuning-job",
    LABELING_JOB: "labeling-job",
    PIPELINE: "pipeline",
    NOTEBOOK: "notebook-instance",
    LIFECYCLE_CONFIG: "notebook-instance-lifecycle-config",
}


@dataclass(frozen=True, slots=True)
class Tenant:
    """One account in one region: nothing is shared between two."""

    account: str
    region: str

    def arn(self, kind: str, name: str) -> str:
        """The ARN of the resource of that kind, a name of this module."""
        return f"arn:aws:sagemaker:{self.region}:{self.account}:{_ARN_TYPES[kind]}/{name.lower()}"


def name_in(arn_or_name: str) -> str:
    """The resource's name, from its ARN or from the name itself."""
    return arn_or_name.rpartition("/")[2]
