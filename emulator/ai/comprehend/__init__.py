"""Amazon Comprehend: sentiment, languages, entities and personal data, judged by real libraries.

What the libraries cannot judge is refused by name (`NotEmulatedException`), never made up.
"""

from emulator.ai.comprehend import operations
from emulator.ai.frame import AiService, resource_in
from emulator.ai.site import Site


def service(_site: Site) -> AiService:
    """The service, which keeps nothing."""
    return AiService(
        name="comprehend",
        operations=operations.OPERATIONS,
        resource=resource_in("EndpointArn"),
    )
