"""The page of resource types."""

from typing import Any

from emulator.ai import codereview, lex, profiler, rekognition
from emulator.certificates.resources import register_certificates
from emulator.cloudformation.registry import HandlerRegistry
from emulator.cloudformation.schemas import bundled_catalogue
from emulator.cloudformation.types_page import OURS, page
from emulator.cloudwatch.resources import register_alarms
from emulator.codebuild.resources import register_builds
from emulator.codeconnections.plugin import register_connections
from emulator.codepipeline.resources import register_pipelines
from emulator.ec2.resources import register_groups
from emulator.greengrass.aliases import Aliases
from emulator.greengrass.resources import register_components
from emulator.loadbalancing.resources import register_associations, register_balancers
from emulator.route53.resources import register_zones
from emulator.sagemaker.notebooks.resources import register_notebooks
from emulator.sagemaker.pipelines.resources import register_model_pipelines
from emulator.sagemaker.registry.resources import register_registry
from emulator.sagemaker.resources import register_resources
from tests.unit.emulator.ai.sites import Town


def test_the_page_groups_types_by_service_and_counts_them() -> None:
    """Each section lists its types, ours in neither of the others."""
    text = page(dated="2026-01-02", theirs=["AWS::S3::Bucket", *OURS], recorded=["AWS::Lex::Bot"])
    assert "- **ministack's** (1)" in text
    assert "- `AWS::Lex`: Bot" in text
    assert text.count("EndpointConfig") == 1


def test_the_types_called_ours_are_those_that_our_services_register() -> None:
    """The page's list and the services' registrations are one."""
    registry = HandlerRegistry()
    nothing: Any = _Nothing()
    register_alarms(registry, bundled_catalogue())
    register_resources(registry, bundled_catalogue(), nothing, nothing)
    register_model_pipelines(registry, bundled_catalogue(), nothing, nothing)
    register_registry(registry, bundled_catalogue(), nothing, nothing)
    register_notebooks(registry, bundled_catalogue(), nothing, nothing)
    register_zones(registry, nothing, nothing)
    register_certificates(registry, bundled_catalogue(), nothing, nothing)
    register_balancers(registry, bundled_catalogue(), nothing, nothing)
    register_associations(registry, nothing)
    register_groups(registry, bundled_catalogue(), nothing, nothing)
    register_components(registry, nothing, nothing)
    register_builds(registry, bundled_catalogue(), nothing, nothing)
    register_pipelines(registry, bundled_catalogue(), nothing, nothing)
    register_connections(registry, bundled_catalogue(), nothing)
    site = Town().site()
    alone = [module.service(site) for module in (codereview, profiler, rekognition)]
    for service in (*alone, *lex.services(site), Aliases(now=lambda: 0.0).service()):
        for name, handler in service.resource_types.items():
            registry.add(name, handler)
    assert tuple(sorted(registry)) == OURS


class _Nothing:
    """Stands for services that registration does not touch."""

    def __call__(self, *_: Any) -> Any:
        """Never called."""
        raise AssertionError("registration calls no service")
