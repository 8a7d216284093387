"""Amazon Comprehend: sentiment, languages, entities and personal data, judged by real libraries.

What the libraries cannot judge is refused by name (`NotEmulatedException`), never made up.
"""

from collections.abc import Callable

from emulator.ai.comprehend import operations
from emulator.ai.frame import AiService


def service(_now: Callable[[], float]) -> AiService:
    """The service, which keeps nothing."""
    return AiService(
        name="comprehend", operations=operations.OPERATIONS, resource_member="EndpointArn"
    )
