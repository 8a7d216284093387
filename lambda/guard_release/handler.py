"""ReleaseGuard: a deploy that would replace what is live fails before anything changes."""

from typing import Any

from guard_release.events import admitted
from tidegate.deploy import Deploy, by_guardrail, guard, guard_removal, scaling_of
from tidegate.errors import DeployRefusedError
from tidegate.guardrail import gate
from tidegate.guardrail.gate import DeployRequest, is_rolling_back
from tidegate.guardrail.ports import Ports
from tidegate.scaling import scaling_faults
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
    _refuse_unscalable(request, deploy)
    if by_guardrail(store, deploy):
        wanted = DeployRequest(
            declared=deploy.declaration(""),
            stack_id=request.stack_id,
            request_id=request.request_id,
        )
        return admitted(deploy.model, gate.guard(_deploys(), wanted))
    return admitted(deploy.model, guard(store=store, deploy=deploy))


def _deploys() -> Ports:
    return world((*_NEEDS, Variable.WATCH_MACHINE_ARN)).guardrail


def _refuse_unscalable(request: CustomResourceRequest, deploy: Deploy) -> None:
    """Autoscaling allows the change, or CloudFormation takes one back, which is always let be."""
    before = scaling_of(request.old_properties)
    faults = scaling_faults(deploy.model, before, deploy.scaling)
    if faults and not is_rolling_back(_deploys().stacks.status(request.stack_id)):
        raise DeployRefusedError("; ".join(faults))
