"""The shape of section `model_monitor`: SageMaker's own monitor, closed to new customers."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, StringConstraints

from stacks.project.part import Part

S3_URI = r"^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9](/\S*)?$"
IMAGE = r"^\d{12}\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com(\.cn)?/\S+$"
ROLE = r"^arn:aws[a-z-]*:iam::\d{12}:role/\S+$"
CRON = r"^cron\(0 [^()]+\)$"

S3Uri = Annotated[str, StringConstraints(pattern=S3_URI, max_length=512)]
Image = Annotated[str, StringConstraints(pattern=IMAGE, max_length=255)]


class MonitoringType(StrEnum):
    """What SageMaker Model Monitor watches (API reference, MonitoringType)."""

    DATA_QUALITY = "data-quality"
    MODEL_QUALITY = "model-quality"
    MODEL_BIAS = "model-bias"
    MODEL_EXPLAINABILITY = "model-explainability"


class Problem(StrEnum):
    """What the model predicts (API reference, ModelQualityAppSpecification)."""

    BINARY = "BinaryClassification"
    MULTICLASS = "MulticlassClassification"
    REGRESSION = "Regression"


class ModelMonitorFile(Part):
    """SageMaker's Model Monitor beside ours. Accounts that never had it are refused by AWS."""

    kinds: Annotated[list[Annotated[MonitoringType, Field(strict=False)]], Field(min_length=1)]
    """data-quality, model-quality, model-bias, model-explainability: a schedule each."""
    role: Annotated[str, StringConstraints(pattern=ROLE, max_length=2048)]
    """ARN of the role that its jobs run under; an account that has used it has one."""
    image: Image
    """Its image in the stage's region, sagemaker-model-monitor-analyzer."""
    clarify_image: Image | None = None
    """Of model-bias and model-explainability: the image of Clarify in the stage's region."""
    output: S3Uri
    """Where its reports go."""
    baseline: S3Uri | None = None
    """Where its baseline job has put statistics.json and constraints.json."""
    ground_truth: S3Uri | None = None
    """Of model-quality and model-bias: where labels are put."""
    problem: Annotated[Problem, Field(strict=False)] | None = None
    """Of model-quality: BinaryClassification, MulticlassClassification or Regression."""
    inference_attribute: str | None = None
    """Of model-quality and model-bias: the place of the prediction in an answer."""
    analysis: S3Uri | None = None
    """Of model-bias and model-explainability: Clarify's analysis_config.json."""
    schedule: Annotated[str, StringConstraints(pattern=CRON, max_length=256)] = "cron(0 * ? * * *)"
    """When it runs: hourly, or daily at a whole hour."""
    instance_type: str = "ml.m5.xlarge"
    """What its jobs run on."""
    volume_gb: Annotated[int, Field(ge=1, le=16_384)] = 20
    """The volume of a job."""
