"""Amazon Polly: speech, its marks, lexicons and synthesis tasks.

espeak-ng speaks where it is installed; without it a tone as long as each word stands for speech,
and the answer says so.
"""

from emulator.ai.frame import AiService, Asked
from emulator.ai.polly.lexicons import Lexicons
from emulator.ai.polly.operations import Polly
from emulator.ai.polly.speaking import best_mouth
from emulator.ai.polly.tasks import Tasks, also_asked
from emulator.ai.site import Site

_OF_LEXICON = frozenset({"PutLexicon", "GetLexicon", "DeleteLexicon"})


def service(site: Site) -> AiService:
    """The service of one cloud."""
    polly = Polly(lexicons=Lexicons(site=site), mouth=best_mouth())
    return AiService(
        name="polly",
        operations={**polly.operations(), **Tasks.of(polly, site).operations()},
        resource=_resource,
        also_asked=also_asked,
        resource_types={"AWS::Polly::Lexicon": polly.lexicons.resource()},
    )


def _resource(asked: Asked) -> str:
    """The lexicon, where the operation is about one (service authorization reference)."""
    if asked.operation not in _OF_LEXICON:
        return "*"
    account, region = asked.tenant
    return f"arn:aws:polly:{region}:{account}:lexicon/{asked.request.get('Name', '*')}"
