"""Services that a new account cannot use, and types that a region does not have."""

from collections.abc import Iterator

from gate import lifecycle, schemas
from gate.finding import Fault
from gate.rule import Rule
from gate.template import Assembly


def _closed(assembly: Assembly) -> Iterator[Fault]:
    for template in assembly.templates:
        for resource in template.every.values():
            service = lifecycle.closed_type(resource.kind)
            if service is not None:
                yield resource.fault_at(
                    ("Type",),
                    f"{service.name}: {service.told}, so that a new account is refused",
                    got=resource.kind,
                    advice=f"take {service.instead}; an account that has it acknowledges this",
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
        source=f"AWS documentation of the service, as of {lifecycle.as_of()}: 'tidegate services'",
        check=_closed,
    ),
    Rule(
        id="type-in-region",
        holds="CloudFormation has every type in the region that it goes to",
        source="CloudFormation resource schemas by region, as cfn-lint ships them",
        check=_absent,
    ),
)
