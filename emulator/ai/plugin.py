"""Puts the AI services into the running cloud."""

from emulator.ai import comprehend, control, translate
from emulator.ai.faults import FaultSource
from emulator.runtime import Runtime
from emulator.seams.services import register_service

SERVICES = (comprehend.service, translate.service)
"""Each makes a service, given the clock of its cloud."""


def install_ai(runtime: Runtime) -> None:
    """Each service of the table answers, and so does the switch of its faults."""
    services = [make(runtime.clock.now) for make in SERVICES]
    sources = {service.name: FaultSource() for service in services}
    for service in services:
        register_service(service.served(sources[service.name]))
    register_service(control.control_service(sources))
