"""ReleaseGuard: a deploy that would replace what is live fails before anything changes."""

from typing import Any

from guard_release.events import admitted
from tidegate.deploy import Deploy, by_guardrail, guard, guard_removal
from tidegate.guardrail import gate
from tidegate.guardrail.gate import DeployRequest
from tidegate_aws.cloudformation import CustomResourceRequest, Done, answer
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.RELEASE_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """The answer that CloudFormation got."""
    return answer(event, _admit)


def _admit(request: CustomResourceRequest) -> Done:
    store = world(_NEEDS).store
    if request.kind == "Delete":
        model = str(request.properties["Model"])
        guard_removal(store=store, model=model)
        return admitted(model, "no release is open")
    deploy = Deploy.from_properties(request.properties)
    if by_guardrail(store, deploy):
        wanted = DeployRequest(
            declared=deploy.declaration(""),
            stack_id=request.stack_id,
            request_id=request.request_id,
        )
        ports = world((*_NEEDS, Variable.WATCH_MACHINE_ARN)).guardrail
        return admitted(deploy.model, gate.guard(ports, wanted))
    return admitted(deploy.model, guard(store=store, deploy=deploy))
