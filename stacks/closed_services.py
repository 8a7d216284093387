"""What a project takes of services that AWS closed to new customers, as its templates say it."""

from collections.abc import Iterator

from stacks.project.spec import ProjectSpec, StageSpec
from tidegate.ai.kind import Place
from tidegate.ai.kinds import kind_named

_RULE = "closed-service"


def closed_services(project: ProjectSpec, stage: StageSpec) -> Iterator[str]:
    """A sentence for each reason why an AI service of the stage takes a closed service."""
    for service in project.services.values():
        place = Place(project=project.name, stage=stage.name, service=service.name)
        found = kind_named(service.kind).resources(service.settings, place)
        rows = [
            row
            for template in found.templates.values()
            for row in template.get("Metadata", {}).get("tidegate", {}).get("acknowledged", ())
        ]
        reasons = dict.fromkeys(str(row["reason"]) for row in rows if row["rule"] == _RULE)
        for reason in reasons:
            yield f"service {service.name}: {reason}"
