"""Puts the AI services into the running cloud."""

from emulator.ai import comprehend, control, kendra, knowledge, rekognition, textract, translate
from emulator.ai.faults import FaultSource
from emulator.ai.site import site_of
from emulator.cloudformation.registry import RESOURCE_TYPES
from emulator.runtime import Runtime
from emulator.seams.services import register_service

SERVICES = (
    comprehend.service,
    kendra.service,
    rekognition.service,
    textract.service,
    translate.service,
)
"""Each makes a service of one cloud."""
FAMILIES = (knowledge.services,)
"""Each makes services of one cloud that keep what they know together."""


def install_ai(runtime: Runtime) -> None:
    """Each service of the table answers, and so does the switch of its faults."""
    site = site_of(runtime)
    services = [make(site) for make in SERVICES]
    services += [service for make in FAMILIES for service in make(site)]
    sources = {service.name: FaultSource() for service in services}
    for service in services:
        register_service(service.served(sources[service.name], site))
        for companion in service.companions:
            register_service(companion)
        for type_name, handler in service.resource_types.items():
            RESOURCE_TYPES.add(type_name, handler)
    register_service(control.control_service(sources))
