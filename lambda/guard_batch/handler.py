"""BatchGuard: a deploy that would replace the live version of a batch fails before it does."""

from typing import Any

from guard_batch.events import Declared, admitted
from tidegate.batch.guarding import guard
from tidegate_aws import clients
from tidegate_aws.batch_runs import DynamoRuns
from tidegate_aws.cloudformation import CustomResourceRequest, Done, answer
from tidegate_aws.settings import Variable
from tidegate_aws.world import world


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The answer that CloudFormation got."""
    return answer(event, _admit)


def _admit(request: CustomResourceRequest) -> Done:
    if request.kind == "Delete":
        return admitted(str(request.properties["Model"]), "nothing is left to guard")
    declared = Declared.from_properties(request.properties)
    around = world((Variable.RUN_TABLE,))
    runs = DynamoRuns(client=clients.dynamodb(), table=around.settings[Variable.RUN_TABLE])
    reason = guard(
        runs,
        model=declared.model,
        slots=declared.slots,
        live=declared.live,
        now=around.clock.now(),
    )
    return admitted(declared.model, reason)
