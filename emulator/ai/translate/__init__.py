"""Amazon Translate: texts, documents, batch jobs and terminologies.

Nothing small translates offline, so texts are pseudo-localized, and their answers say so; terms of
a terminology are translated for real.
"""

from emulator.ai.frame import AiService
from emulator.ai.site import Site
from emulator.ai.translate import batch
from emulator.ai.translate.operations import Translate, also_asked
from emulator.ai.translate.terminologies import Terminologies


def service(site: Site) -> AiService:
    """The service of one cloud."""
    translate = Translate(terminologies=Terminologies(now=site.now))
    return AiService(
        name="translate",
        operations={
            **translate.operations(),
            **batch.Batch(translate=translate, site=site).operations(),
        },
        also_asked=lambda asked: [*also_asked(asked), *batch.also_asked(asked)],
        resource_types={
            "AWS::Translate::Terminology": translate.terminologies.resource(),
        },
    )
