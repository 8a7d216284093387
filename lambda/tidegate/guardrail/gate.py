"""Guard and verify of a model that SageMaker releases: the deploy is the release.

The guard opens the release and starts its watch before any hosting resource changes; the
verification reads back what serves and ends it. CloudFormation's own rollback passes both: a stack
that cannot go back is worse than any version.
"""

from dataclasses import dataclass, replace

from tidegate.errors import DeployRefusedError
from tidegate.guardrail.course import shifts
from tidegate.guardrail.echoes import is_silent
from tidegate.guardrail.ports import Deployment, Ports
from tidegate.guardrail.quiet import quiet
from tidegate.guardrail.settle import VARIANT, Opening, again, end, entry_of, open_release
from tidegate.pointer import Declaration, LivePointer
from tidegate.release import Phase, ReleaseRecord
from tidegate.slots import PAIR
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.targets import lost_faults
from tidegate.verdict import VerdictKind
from tidegate.version import models_of

_ID_CHARACTERS = 12
_ROLLING_BACK = "UPDATE_ROLLBACK"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeployRequest:
    """What a template declares, and the operation of CloudFormation that declares it.

    The configuration of `declared` is "" where it has no name yet.
    """

    declared: Declaration
    stack_id: str
    request_id: str

    @property
    def release_id(self) -> str:
        """The release that this operation is: the same when CloudFormation asks again."""
        return f"{self.declared.model}-{self.request_id.replace('-', '')[:_ID_CHARACTERS]}"


def is_rolling_back(status: str) -> bool:
    """Whether a stack of this status is being taken back by CloudFormation."""
    return status.startswith(_ROLLING_BACK)


def guard(ports: Ports, request: DeployRequest) -> str:
    """Why the deploy may change hosting resources; DeployRefusedError says why it may not.

    Afterwards a release is open and watched if the version changes.
    """
    return again(lambda: _guard(ports, request))


def _guard(ports: Ports, request: DeployRequest) -> str:
    model = request.declared.model
    pointer = ports.store.pointer(model)
    if pointer is None:
        return f"first deploy of {model}"
    if is_rolling_back(ports.stacks.status(request.stack_id)):
        return _let_back(ports, request)
    _close_stale(ports, request)
    before = _same_mechanism(ports, request)
    if request.declared.slots[VARIANT].digest == pointer.version.digest:
        return f"{model} keeps version {pointer.version.digest}"
    new = request.declared.slots[VARIANT]
    lost = lost_faults(model, pointer.version.targets, new.targets)
    if lost:
        raise DeployRefusedError("; ".join(lost))
    if not quiet(ports, request.declared.endpoint_name):
        raise DeployRefusedError(
            f"the rollback alarm of {model} is in ALARM, so SageMaker would take any update back: "
            "wait until it is OK, then deploy again"
        )
    return _open(ports, request, before, pointer)


def _open(ports: Ports, request: DeployRequest, before: Declaration, pointer: LivePointer) -> str:
    version = request.declared.slots[VARIANT]
    slots = {VARIANT: pointer.version, VARIANT.other: version}
    declared = replace(before, slots=slots, plan=request.declared.plan)
    opening = Opening(
        release_id=request.release_id, declared=declared, pointer=pointer, version=version
    )
    open_release(ports, opening)
    ports.watches.start(release_id=request.release_id, stack_id=request.stack_id)
    return f"release {request.release_id} is open"


def _same_mechanism(ports: Ports, request: DeployRequest) -> Declaration:
    """What the last deploy declared, if its endpoint has the one variant that this one has."""
    model = request.declared.model
    before = ports.store.declaration(model)
    if before is None:
        raise DeployRefusedError(
            f"model {model} has a pointer and no declaration: remove its stack"
        )
    old, new = before.plan.mechanism, request.declared.plan.mechanism
    if old is not new:
        raise DeployRefusedError(
            f"{model} was deployed with mechanism {old} and this template says {new}, which has "
            "other production variants: SageMaker shifts no traffic between these; give the model "
            "another name, move its callers, then remove this one"
        )
    return before


def _let_back(ports: Ports, request: DeployRequest) -> str:
    """CloudFormation goes back: an open release is taken back, and the alarm must not stop that."""
    record = _open_record(ports, request.declared.model)
    if record is not None:
        record = _turn_back(ports, record, why="CloudFormation takes the deploy back")
        _end_if_back(ports, record)
    quiet(ports, request.declared.endpoint_name)
    return f"CloudFormation takes a deploy of {request.declared.model} back"


def _close_stale(ports: Ports, request: DeployRequest) -> None:
    """No release of an earlier operation is left open; a stack has one operation at a time."""
    record = _open_record(ports, request.declared.model)
    if record is None or record.release_id == request.release_id:
        return
    state = ports.deployments.read(record.endpoint_name)
    if not state.settled:
        raise DeployRefusedError(
            f"{record.model} is being released by {record.release_id}, endpoint "
            f"{record.endpoint_name} is {state.status}: deploy again when it is InService"
        )
    close(ports, record, state)


def close(ports: Ports, record: ReleaseRecord, state: Deployment) -> ReleaseRecord:
    """The release of an operation that is over is over too: what serves says how."""
    if state.config_name == record.endpoint_config_name:
        why = f"the deploy ended on the old configuration: {_why(state)}"
        phase = Phase.ABORTED if record.phase is Phase.ABORTING else Phase.ROLLED_BACK
        return end(ports, record, phase, why=why)
    return end(ports, record, Phase.PROMOTED, why=f"read back: {state.config_name} serves")


def _open_record(ports: Ports, model: str) -> ReleaseRecord | None:
    holder = ports.store.lock_holder(model)
    return None if holder is None else ports.store.load(holder)


def _turn_back(ports: Ports, record: ReleaseRecord, *, why: str) -> ReleaseRecord:
    if record.phase in {Phase.RESTORING, Phase.ABORTING} or record.phase.terminal:
        return record
    now = ports.clock.now()
    turned = replace(record, phase=Phase.RESTORING, decided_at=now)
    entry = entry_of(record, turned, what="roll back", why=why, at=now)
    return ports.store.save(turned, [entry])


def _end_if_back(ports: Ports, record: ReleaseRecord) -> None:
    state = ports.deployments.read(record.endpoint_name)
    if state.settled and state.config_name == record.endpoint_config_name:
        close(ports, record, state)


def verify(ports: Ports, request: DeployRequest) -> None:
    """What was declared serves, and the release of this deploy is over.

    DeployRefusedError when the endpoint serves anything else: SageMaker can end `InService` on the
    old configuration. Also when nobody saw what was deployed, or the judge speaks against it.
    """
    again(lambda: _verify(ports, request))


def _verify(ports: Ports, request: DeployRequest) -> None:
    declared = request.declared
    state = ports.deployments.read(declared.endpoint_name)
    pointer = ports.store.pointer(declared.model)
    record = _open_record(ports, declared.model)
    faults = [
        *_served_faults(state, declared),
        *_release_faults(record, declared),
        *_unbaked_faults(record, declared, now=ports.clock.now()),
    ]
    if faults:
        _take_back(ports, record, declared, why="; ".join(faults))
        raise DeployRefusedError("; ".join(faults))
    if pointer is None:
        ports.store.put_pointer(_pointer(ports, declared, generation=1))
    if record is not None:
        _end(ports, record, declared, state)
    elif pointer is not None and pointer.version.digest != declared.slots[VARIANT].digest:
        ports.store.put_pointer(_pointer(ports, declared, generation=pointer.generation + 1))
    _renew_split(ports, declared)
    ports.store.put_declaration(declared)


def _served_faults(state: Deployment, declared: Declaration) -> list[str]:
    faults: list[str] = []
    if state.config_name != declared.endpoint_config_name:
        faults.append(
            f"endpoint {declared.endpoint_name} still serves configuration {state.config_name}, "
            f"not {declared.endpoint_config_name}: SageMaker rolled the update back ({_why(state)})"
        )
    if not state.settled:
        faults.append(f"endpoint {declared.endpoint_name} is {state.status}, not InService")
    if state.variants != (VARIANT.value,):
        faults.append(f"its variants are {state.variants}, not {VARIANT} alone")
    return faults


def _release_faults(record: ReleaseRecord | None, declared: Declaration) -> list[str]:
    """Why the release may not end as promoted, though its configuration serves."""
    if record is None or declared.slots[VARIANT].digest != record.candidate.version.digest:
        return []
    if record.halted is not None:
        return [f"nobody watched release {record.release_id}: {record.halted.why}"]
    if record.verdict is not None and record.verdict.kind is VerdictKind.ROLL_BACK:
        return [record.verdict.reason]
    if is_silent(record.verdict) and record.verdict is not None:
        return [record.verdict.reason]
    if record.phase in {Phase.RESTORING, Phase.ABORTING}:
        return [f"release {record.release_id} is being taken back"]
    return []


def _unbaked_faults(
    record: ReleaseRecord | None, declared: Declaration, *, now: float
) -> list[str]:
    """SageMaker waits for no bake on Inf1 and Marketplace containers, perhaps not on serverless."""
    if record is None or declared.slots[VARIANT].digest != record.candidate.version.digest:
        return []
    plan = record.plan
    shares = [step.share_percent for step in plan.steps]
    wanted = shifts(plan.strategy, shares) * plan.steps[0].bake_seconds
    took = now - record.started_at
    if took >= wanted:
        return []
    return [
        (
            f"SageMaker was done after {took:.0f} s, and the plan bakes {wanted} s: it moved "
            "traffic without waiting, so that nobody could judge it; use another hosting, or "
            "mechanism dns"
        )
    ]


def _take_back(
    ports: Ports, record: ReleaseRecord | None, declared: Declaration, *, why: str
) -> None:
    if record is not None:
        _end_if_back(ports, _turn_back(ports, record, why=_told(record, why)))
    quiet(ports, declared.endpoint_name)


def _told(record: ReleaseRecord, why: str) -> str:
    """The judge's reason if it spoke: SageMaker only says that the alarm fired."""
    verdict = record.verdict
    return verdict.reason if verdict is not None and verdict.kind is VerdictKind.ROLL_BACK else why


def _end(ports: Ports, record: ReleaseRecord, declared: Declaration, state: Deployment) -> None:
    if declared.slots[VARIANT].digest == record.candidate.version.digest:
        said = "nothing was judged" if record.verdict is None else record.verdict.reason
        why = f"read back: {state.config_name} serves; the judge's last word: {said}"
        end(ports, record, Phase.PROMOTED, why=why)
        return
    end(ports, record, Phase.ROLLED_BACK, why=f"read back: {state.config_name} serves")


def _pointer(ports: Ports, declared: Declaration, *, generation: int) -> LivePointer:
    return LivePointer(
        model=declared.model,
        slot=VARIANT,
        version=declared.slots[VARIANT],
        generation=generation,
        moved_at=ports.clock.now(),
        moved_by="deploy",
    )


def _renew_split(ports: Ports, declared: Declaration) -> None:
    known = ports.store.split(declared.model)
    digests = {slot.value: declared.slots[VARIANT].digest for slot in PAIR}
    if known is not None and dict(known.digests) == digests and not known.settling:
        return
    ports.store.put_split(
        SplitDocument(
            model=declared.model,
            endpoint_name=declared.endpoint_name,
            version=1 if known is None else known.version + 1,
            release_id=NO_RELEASE,
            shares={VARIANT.value: 100, VARIANT.other.value: 0},
            digests=digests,
            control=VARIANT.value,
            models=models_of(dict.fromkeys(PAIR, declared.slots[VARIANT])),
        )
    )


def _why(state: Deployment) -> str:
    return state.failure_reason or "it gave no reason"
