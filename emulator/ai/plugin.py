"""Puts the AI services into the running cloud."""

from importlib import import_module
from typing import Any

from emulator.ai import control
from emulator.ai.faults import FaultSource
from emulator.ai.site import site_of
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.runtime import Runtime
from emulator.seams.services import register_service

SERVICES = (
    "codereview",
    "comprehend",
    "frauddetector",
    "kendra",
    "polly",
    "profiler",
    "rekognition",
    "textract",
    "transcribe",
    "translate",
)
"""Modules of this package; `service` of each makes a service of one cloud."""
FAMILIES = (
    "forecast",
    "knowledge",
    "lex",
    "personalize",
)
"""Modules whose `services` make those of one cloud that keep what they know together."""


def install_ai(runtime: Runtime) -> None:
    """Each service of the table answers, and so does the switch of its faults."""
    site = site_of(runtime)
    services = [_module(name).service(site) for name in SERVICES]
    services += [service for name in FAMILIES for service in _module(name).services(site)]
    sources = {service.name: FaultSource() for service in services}
    for service in services:
        register_service(service.served(sources[service.name], site))
        for companion in service.companions:
            register_service(companion)
        for type_name, handler in service.resource_types.items():
            RESOURCE_TYPES.add(type_name, handler)
    register_service(control.control_service(sources))


def _module(name: str) -> Any:
    return import_module(f"emulator.ai.{name}")
