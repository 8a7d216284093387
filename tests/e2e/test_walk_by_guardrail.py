"""The walk by guardrail: every deploy of another version is a release, and CloudFormation waits.

So a deploy that is rolled back has moved traffic, and moves it back; what is held is that it gives
a share to its own version and to the live one only, and that the live one has everything then.
"""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest
from botocore.exceptions import ClientError

from tests.e2e.guardrails import Deploys, project
from tests.e2e.walking import NEXT, Walk, assert_logged, broken, first_deploy, walked
from tests.e2e.world import BETTER, V1, Behaviour, World, wait_for
from tidegate.errors import ReleaseRefusedError
from tidegate.guardrail.settle import VARIANT
from tidegate.pointer import Declaration
from tidegate.view import ReleaseView

pytestmark = pytest.mark.accept


def test_the_walk_by_guardrail(make_world: Callable[[str], World]) -> None:
    """Users meet a new version in its own deploy only, and lose no request on the whole way."""
    world = make_world("guard-walk")
    world.project_text = project("canary")
    # SageMaker waits no longer than it was told, however few requests a busy machine sends.
    bad = replace(broken(world), error_percent=60)
    walk, made = Walk(world=world, declared=what_serves), Deploys(world=world)
    first_deploy(walk)
    with walked(walk) as seen:
        walk.serves("v1")
        walk.plain(V1)
        taken_back(walk, BETTER, after="Endpoint")
        taken_back(walk, BETTER, after="ReleaseVerify")
        walk.plain(V1)
        promoted = deployed_amid_others(walk, made, BETTER)
        walk.plain(BETTER)
        taken_back(walk, bad, after="Endpoint")
        taken_back(walk, bad, after="ReleaseVerify")
        walk.plain(BETTER)
        rolled_back = judged_bad(walk, made, bad)
        walk.plain(BETTER)
        taken_back(walk, NEXT, after="ReleaseVerify")
        walk.plain(BETTER)
    assert promoted.phase == "promoted", promoted.reason
    assert rolled_back.phase == "rolled-back", rolled_back.reason
    assert_logged(walk, seen, [])
    assert world.live_label() == "v2"
    assert made.alarm == "OK"
    assert len(seen.door.served) >= 1_000


def what_serves(declaration: Declaration) -> object:
    """The declaration without the candidate, which stays known as what was taken back."""
    return declaration.endpoint_config_name, declaration.slots[VARIANT]


def taken_back(walk: Walk, behaviour: Behaviour, *, after: str) -> None:
    """A deploy is rolled back by CloudFormation; the live version is as live as before."""
    live = walk.world.live_label()
    walk.serves(live, behaviour.name)
    walk.take_back(behaviour, after=after)
    walk.serves(live)
    walk.learn_released()
    assert walk.world.live_label() == live


def deployed_amid_others(walk: Walk, made: Deploys, behaviour: Behaviour) -> ReleaseView:
    """A deploy whose release is promoted, though others deploy while it is under way."""
    world = walk.world
    path = world.synth(NEXT, pointers={}) / f"{world.hosting_stack}.template.json"
    another = path.read_text()
    walk.serves(world.live_label(), behaviour.name)
    with ThreadPoolExecutor(1) as pool:
        deploying = pool.submit(made.good, behaviour)
        release_id = wait_for(
            lambda: world.deployed.store.lock_holder(world.model), seconds=60, what="a release"
        )
        world.until(release_id, lambda view: view.phase == "baking")
        refused_amid(world, another)
        view = deploying.result(timeout=120)
    walk.serves(behaviour.name)
    walk.learn()
    return view


def refused_amid(world: World, template: str) -> None:
    """No other deploy and no release by the machine begins: CloudFormation and we refuse them."""
    client = world.cloud.session().client("cloudformation")
    with pytest.raises(ClientError, match="UPDATE_IN_PROGRESS"):
        client.update_stack(
            StackName=world.hosting_stack,
            TemplateBody=template,
            Capabilities=["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
        )
    with pytest.raises(ReleaseRefusedError, match="is being released by"):
        world.start()


def judged_bad(walk: Walk, made: Deploys, behaviour: Behaviour) -> ReleaseView:
    """A deploy that the judge stops: SageMaker takes it back, and CloudFormation after it."""
    assert behaviour.armed_by is not None
    live = walk.world.live_label()
    behaviour.armed_by.touch()
    walk.serves(live, behaviour.name)
    failed, view = made.bad(behaviour)
    walk.serves(live)
    assert failed.status == "UPDATE_ROLLBACK_COMPLETE", failed
    assert [f.logical_id for f in failed.failures] == ["ReleaseVerify"], failed
    return view
