"""Amazon Personalize: items that users bought or saw together, in three services.

`personalize` keeps data sets and trains, `personalize-events` takes events, `personalize-runtime`
recommends: by the cosine of items in what users did (a small engine of our own; AWS's recipes are
deep models), and by popularity for users of whom nothing is known.
"""

from emulator.ai.frame import AiService
from emulator.ai.personalize.control import also_asked, control_operations, control_resource
from emulator.ai.personalize.events import event_operations, event_resource
from emulator.ai.personalize.runtime import runtime_operations, runtime_resource
from emulator.ai.personalize.town import Town
from emulator.ai.site import Site

_NAME = "personalize"


def services(site: Site) -> tuple[AiService, AiService, AiService]:
    """The three services, which keep everything until the cloud stops."""
    town = Town.of(site)
    return (
        AiService(
            name=_NAME,
            operations=control_operations(town),
            validation_code="InvalidInputException",
            resource=control_resource,
            also_asked=also_asked,
            # The model wants an ARN of Personalize for the role of an import job.
            wrong_patterns=frozenset({"roleArn"}),
        ),
        AiService(
            name="personalize-events",
            signing_name=_NAME,
            iam_prefix=_NAME,
            operations=event_operations(town),
            validation_code="InvalidInputException",
            resource=event_resource,
        ),
        AiService(
            name="personalize-runtime",
            signing_name=_NAME,
            iam_prefix=_NAME,
            operations=runtime_operations(town),
            validation_code="InvalidInputException",
            resource=runtime_resource,
        ),
    )
