"""Several models behind one endpoint: which may be asked, and which a deploy may not take away."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests import samples
from tests.fakes import (
    FakeClock,
    FakeEndpoints,
    FakeInvoker,
    FakeKeys,
    FakeRecords,
    FakeReleaseStore,
)
from tests.samples import CONFIG, ENDPOINT, MODEL, RELEASE
from tests.unit.tidegate.guardrail.guardrail_world import OLD, GuardrailWorld, declared
from tidegate import deploy
from tidegate.errors import DeployRefusedError, TargetRefusedError
from tidegate.guardrail import gate
from tidegate.guardrail.gate import DeployRequest
from tidegate.loop.settle import steady_split
from tidegate.loop.task import split_of
from tidegate.override import Override, sign_override
from tidegate.pointer import Declaration
from tidegate.release import Phase, SlotVersion
from tidegate.routing import PredictionRequest, Router
from tidegate.slots import PAIR, Slot
from tidegate.split import NO_RELEASE, SplitDocument
from tidegate.targets import TargetModels, lost_faults
from tidegate.traffic import Traffic
from tidegate.version import Version

NAMES = st.lists(st.sampled_from(["ewr", "jfk", "lga", "bos"]), unique=True).map(tuple)
REQUEST = PredictionRequest(
    model=MODEL, body=b"[1]", content_type="application/json", accept="*/*", client="c1"
)


def version(label: str, *names: str, retired: tuple[str, ...] = ()) -> Version:
    """A version of these models."""
    return replace(samples.version(label), targets=TargetModels(names=names, retired=retired))


def declaration(*, live: Version, idle: Version) -> Declaration:
    """A deploy of both."""
    return samples.declaration(slots={Slot.BLUE: live, Slot.GREEN: idle})


def split(*, blue: tuple[str, ...], green: tuple[str, ...], release: str) -> SplitDocument:
    """A document of slots with these models."""
    return samples.split(3, release, models={"blue": blue, "green": green})


def asked(document: SplitDocument, request: PredictionRequest) -> FakeInvoker:
    """The invoker after a request that it answers."""
    store, invoker = FakeReleaseStore(), FakeInvoker()
    store.put_split(document)
    router = Router(
        splits=store, invoker=invoker, keys=FakeKeys(), clock=FakeClock(), nonce=lambda: "nonce"
    )
    router.predict(request)
    return invoker


@given(st.none() | st.builds(TargetModels, names=NAMES, code_uri=st.text(), retired=NAMES))
def test_a_version_is_read_back_with_its_models(targets: TargetModels | None) -> None:
    """One model writes nothing of it, so that records of before are read as they were."""
    one = replace(samples.version("v1"), targets=targets)

    assert Version.from_json(one.to_json()) == one
    assert ("targets" in one.to_json()) == (targets is not None)
    assert one.containers[0].targets == targets


def test_a_split_of_one_model_a_slot_is_written_as_before() -> None:
    """And one of several is read back."""
    several = split(blue=("ewr", "jfk"), green=("ewr",), release=RELEASE)

    assert "models" not in samples.split().to_json()
    assert SplitDocument.from_json(several.to_json()) == several


def test_between_releases_the_live_version_s_models_are_asked() -> None:
    """What waits in the idle slot answers nobody."""
    document = split(blue=("ewr", "jfk"), green=("ewr", "lga"), release=NO_RELEASE)

    assert document.target_models == ("ewr", "jfk")


def test_while_a_release_is_open_a_model_is_asked_that_every_version_has() -> None:
    """Else the share decided whether it answers."""
    document = split(blue=("ewr", "jfk"), green=("ewr", "lga"), release=RELEASE)

    assert document.target_models == ("ewr",)


def test_the_model_that_a_request_names_is_asked() -> None:
    """Whichever slot it comes to."""
    document = split(blue=("ewr",), green=("ewr",), release=RELEASE)
    (question,) = asked(document, replace(REQUEST, target="ewr")).asked

    assert (question.target, question.slot) == ("ewr", None)


@pytest.mark.parametrize(
    ("target", "status", "told"),
    [
        (None, 400, "several models: name one in header x-tidegate-target-model: ewr, jfk"),
        ("lga", 404, "has no model 'lga', it has: ewr, jfk"),
    ],
)
def test_a_request_that_names_no_model_of_these_is_refused(
    target: str | None, status: int, told: str
) -> None:
    """With the names there are, and nothing is asked."""
    document = split(blue=("ewr", "jfk"), green=("ewr", "jfk"), release=NO_RELEASE)
    with pytest.raises(TargetRefusedError, match=told) as refused:
        asked(document, replace(REQUEST, target=target))

    assert refused.value.status == status


def test_one_model_takes_no_name_of_another() -> None:
    """SageMaker would refuse it with a sentence about endpoints."""
    with pytest.raises(TargetRefusedError, match="is one model: drop the header"):
        asked(samples.split(), replace(REQUEST, target="ewr"))


def test_a_tester_asks_a_model_that_only_his_slot_has() -> None:
    """To see it before anybody else does."""
    document = split(blue=("ewr",), green=("ewr", "lga"), release=NO_RELEASE)
    token = sign_override(
        Override(model=MODEL, slot="green", expires_at=FakeClock().now() + 60), FakeKeys().read()
    )
    (question,) = asked(document, replace(REQUEST, target="lga", slot_token=token)).asked

    assert (question.target, question.slot) == ("lga", "green")


def test_a_release_says_whose_models_are_in_its_slots() -> None:
    """While it is open those of both, afterwards those of what serves."""
    record = samples.record(
        live=SlotVersion(slot=Slot.BLUE, version=version("v1", "ewr", "jfk")),
        candidate=SlotVersion(slot=Slot.GREEN, version=version("v2", "ewr", "lga")),
    )
    promoted = replace(record, phase=Phase.PROMOTED)

    assert split_of(record, settling=False).target_models == ("ewr",)
    assert steady_split(promoted).target_models == ("ewr", "lga")


def test_a_deploy_tells_routers_what_may_be_asked() -> None:
    """From the first one on."""
    store, endpoints = FakeReleaseStore(), FakeEndpoints()
    endpoints.add(ENDPOINT, config=CONFIG, weights={"blue": 1, "green": 0})
    deploy.verify(
        store=store,
        traffic=Traffic(endpoints=endpoints, records=FakeRecords()),
        clock=FakeClock(),
        declaration=declaration(live=version("v1", "ewr"), idle=version("v1", "ewr")),
    )
    document = store.split(MODEL)

    assert document is not None
    assert document.target_models == ("ewr",)


def guard(live: Version, idle: Version) -> None:
    """The guard of a deploy of `idle` while `live` serves."""
    store = FakeReleaseStore()
    store.put_declaration(declaration(live=live, idle=live))
    store.put_pointer(replace(samples.pointer(), version=live))
    declared_now = declaration(live=live, idle=idle)
    deploy.guard(
        store=store,
        deploy=deploy.Deploy(
            model=MODEL, endpoint_name=ENDPOINT, slots=declared_now.slots, plan=samples.PLAN
        ),
    )


def test_a_deploy_that_forgets_a_model_is_refused() -> None:
    """Its users would find nobody; the message says how it is meant to end."""
    with pytest.raises(DeployRefusedError, match=r"answers for jfk.*retired_models"):
        guard(version("v1", "ewr", "jfk"), version("v2", "ewr", "lga"))


def test_a_model_may_end_by_name_and_others_may_come() -> None:
    """That is what the key is for."""
    guard(version("v1", "ewr", "jfk"), version("v2", "ewr", "lga", retired=("jfk",)))


def test_one_model_does_not_become_several_under_its_name() -> None:
    """Its callers name none; nor do several become one."""
    with pytest.raises(DeployRefusedError, match="serves one model, and this version several"):
        guard(samples.version("v1"), version("v2", "ewr"))
    with pytest.raises(DeployRefusedError, match=r"serves several models.*this version one model"):
        guard(version("v1", "ewr"), samples.version("v2"))


@given(NAMES, NAMES, NAMES)
def test_exactly_what_is_lost_and_not_retired_is_a_fault(
    live: tuple[str, ...], new: tuple[str, ...], retired: tuple[str, ...]
) -> None:
    """Whatever the order of names."""
    before, after = TargetModels(names=live), TargetModels(names=new, retired=retired)
    lost = set(live) - set(new) - set(retired)
    faults = lost_faults(MODEL, before, after)

    assert bool(faults) == bool(lost)
    assert all(name in faults[0] for name in lost)


def by_guardrail(one: Version, request_id: str, config: str = "") -> DeployRequest:
    """A deploy that SageMaker releases."""
    declared_now = replace(declared("v1", config), slots=dict.fromkeys(PAIR, one))
    return DeployRequest(declared=declared_now, stack_id="arn:stack", request_id=request_id)


def test_where_the_deploy_is_the_release_it_may_not_forget_a_model_either() -> None:
    """Nothing is opened; one that has all of them opens a release whose both versions have them."""
    world = GuardrailWorld(stack_status="CREATE_IN_PROGRESS")
    first = version("v1", "ewr", "jfk")
    gate.guard(world.ports, by_guardrail(first, "first"))
    gate.verify(world.ports, by_guardrail(first, "first", OLD))
    world.stack_status = "UPDATE_IN_PROGRESS"
    with pytest.raises(DeployRefusedError, match=r"answers for jfk"):
        gate.guard(world.ports, by_guardrail(version("v2", "ewr"), "second"))
    assert world.store.lock_holder(MODEL) is None

    gate.guard(world.ports, by_guardrail(version("v2", "ewr", "jfk", "lga"), "third"))
    document = world.store.split(MODEL)
    assert document is not None
    assert document.target_models == ("ewr", "jfk")
