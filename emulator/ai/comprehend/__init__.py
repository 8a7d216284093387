"""Amazon Comprehend: sentiment, languages, entities and personal data, judged by real libraries.

What the libraries cannot judge is refused by name (`NotEmulatedException`), never made up.
"""

from emulator.ai.comprehend import jobs, operations
from emulator.ai.frame import AiService, resource_in
from emulator.ai.site import Site


def service(site: Site) -> AiService:
    """The service, which keeps its jobs."""
    return AiService(
        name="comprehend",
        operations={**operations.OPERATIONS, **jobs.operations_of(site)},
        also_asked=jobs.also_asked,
        resource=resource_in("EndpointArn"),
    )
