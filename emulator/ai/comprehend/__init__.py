"""Amazon Comprehend: sentiment, languages, entities and personal data, judged by real libraries.

What the libraries cannot judge is refused by name (`NotEmulatedException`), never made up.
"""

from emulator.ai.comprehend import operations
from emulator.ai.frame import AiService

SERVICE = AiService(
    name="comprehend", operations=operations.OPERATIONS, resource_member="EndpointArn"
)
