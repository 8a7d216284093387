"""The policies of a stage, from its templates and the public resource schemas."""

from collections.abc import Mapping, Sequence
from typing import Any

from cli.bootstrapping.actions import Permissions
from cli.bootstrapping.policy import Scope, documents
from cli.project import Project
from cli.synthesized import templates


def policies(project: Project, scope: Scope) -> list[dict[str, Any]]:
    """The documents for one stage; CommandError with every fault of the project file."""
    return of_templates(scope, list(templates(project, scope.stage).values()))


def of_templates(scope: Scope, found: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The documents that let CloudFormation deploy these templates."""
    types = {r["Type"] for template in found for r in template["Resources"].values()}
    return documents(scope, found, handler_permissions(types))


def handler_permissions(types: set[str]) -> Permissions:
    """What the public schemas list for the handlers of types that have one."""
    from emulator.cloudformation.schemas import bundled_catalogue  # noqa: PLC0415 - rarely needed

    catalogue = bundled_catalogue()
    return {
        name: {
            operation: list(handler.get("permissions", ()))
            for operation, handler in catalogue.load(name).document.get("handlers", {}).items()
        }
        for name in sorted(types & catalogue.type_names())
    }
