"""Services that a new account cannot use, and types that a region does not have."""

from collections.abc import Iterator, Mapping

from gate import schemas
from gate.finding import Fault
from gate.rule import Rule
from gate.template import Assembly

CLOSED: Mapping[str, tuple[str, str]] = {
    "AWS::AppRunner::": ("closed to new customers since 2026-04-30", "Lambda or ECS"),
    "AWS::CodeGuruReviewer::": (
        "takes no new associations since 2025-11-07",
        "linters in CodeBuild, or Inspector code security",
    ),
    "AWS::Forecast::": (
        "closed to new customers since 2024",
        "SageMaker CreateAutoMLJobV2 with a time series, or DeepAR",
    ),
    "AWS::FraudDetector::": (
        "closed to new customers since 2025-11-07",
        "a SageMaker endpoint and rules",
    ),
    "AWS::Greengrass::": ("Greengrass V1 ended on 2026-10-07", "AWS::GreengrassV2"),
    "AWS::Kendra::": (
        "closed to new customers since 2026-07-30",
        "a Bedrock knowledge base on S3 Vectors",
    ),
    "AWS::LookoutEquipment::": ("ended on 2026-10-07", "a SageMaker endpoint"),
    "AWS::LookoutMetrics::": ("ended", "CloudWatch anomaly detection"),
    "AWS::LookoutVision::": ("ended", "a SageMaker endpoint"),
    "AWS::Rekognition::StreamProcessor": ("closed to new customers", "frames by DetectLabels"),
    "AWS::SageMaker::DataQualityJobDefinition": (
        "Model Monitor is closed to new customers",
        "data capture and a drift job of your own",
    ),
    "AWS::SageMaker::DeviceFleet": ("Edge Manager ended on 2024-04-26", "Greengrass V2"),
    "AWS::SageMaker::Device": ("Edge Manager ended on 2024-04-26", "Greengrass V2"),
    "AWS::SageMaker::ModelBiasJobDefinition": (
        "Model Monitor is closed to new customers",
        "data capture and a drift job of your own",
    ),
    "AWS::SageMaker::ModelExplainabilityJobDefinition": (
        "Model Monitor is closed to new customers",
        "data capture and a drift job of your own",
    ),
    "AWS::SageMaker::ModelQualityJobDefinition": (
        "Model Monitor is closed to new customers",
        "data capture and a drift job of your own",
    ),
    "AWS::SageMaker::MonitoringSchedule": (
        "Model Monitor is closed to new customers",
        "data capture and a drift job of your own",
    ),
}
"""Beginning of a type -> since when nobody new gets it, and what to take instead."""


def _closed(assembly: Assembly) -> Iterator[Fault]:
    for template in assembly.templates:
        for resource in template.every.values():
            for beginning, (since, instead) in CLOSED.items():
                service = beginning.endswith("::")
                if resource.kind == beginning or (service and resource.kind.startswith(beginning)):
                    yield resource.fault_at(
                        ("Type",),
                        f"{since}: a new account is refused",
                        got=resource.kind,
                        advice=f"take {instead}; an account that has it acknowledges this",
                    )


def _absent(assembly: Assembly) -> Iterator[Fault]:
    for template in assembly.templates:
        for resource in template.every.values():
            if not resource.kind.startswith("AWS::") or schemas.schema_of(resource.kind) is None:
                continue
            missing = [r for r in assembly.regions_of(template) if not _there(resource.kind, r)]
            if missing:
                yield resource.fault_at(
                    ("Type",),
                    f"CloudFormation has no {resource.kind} there",
                    got=", ".join(missing),
                    allowed=_where(resource.kind),
                    advice="choose another region, or make it by the service's API",
                )


def _there(kind: str, region: str) -> bool:
    # CloudFormation's own types are everywhere, and have no schema in the registry.
    return kind.startswith("AWS::CloudFormation::") or kind in schemas.types_in(region)


def _where(kind: str) -> str:
    having = [region for region in schemas.regions() if _there(kind, region)]
    return f"{len(having)} regions, such as {', '.join(having[:4])}" if having else "no region"


RULES = (
    Rule(
        id="closed-service",
        holds="no resource is of a service that new customers do not get",
        source="AWS documentation of the service: availability changes, as of 2026-11-22",
        check=_closed,
    ),
    Rule(
        id="type-in-region",
        holds="CloudFormation has every type in the region that it goes to",
        source="CloudFormation resource schemas by region, as cfn-lint ships them",
        check=_absent,
    ),
)
