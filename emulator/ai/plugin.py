"""Puts the AI services into the running cloud."""

from emulator.ai import comprehend, control
from emulator.ai.faults import FaultSource
from emulator.ai.frame import AiService
from emulator.runtime import Runtime
from emulator.seams.services import register_service

SERVICES: tuple[AiService, ...] = (comprehend.SERVICE,)


def install_ai(_runtime: Runtime) -> None:
    """Each service of the table answers, and so does the switch of its faults."""
    sources = {service.name: FaultSource() for service in SERVICES}
    for service in SERVICES:
        register_service(service.served(sources[service.name]))
    register_service(control.control_service(sources))
