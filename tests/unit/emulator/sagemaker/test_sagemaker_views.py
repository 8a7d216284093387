"""What requests see while an update shifts traffic."""

from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from emulator.sagemaker.state import (
    Endpoint,
    EndpointStatus,
    Model,
    PendingUpdate,
    Variant,
)
from emulator.sagemaker.views import view_of

MODEL = Model(name="m", arn="arn", request={}, created=0.0)


class Fleet:
    """Stands for processes."""

    instance_count = 1


def _variant(name: Any, weight: Any, config: Any) -> Any:
    return Variant(
        name=name,
        config=config,
        model=MODEL,
        definition={},
        weight=weight,
        desired_weight=weight,
        instance_count=1,
        desired_instance_count=1,
        fleet=Fleet(),
        deployed=0.0,
    )


def _endpoint(old: Any, new: Any = (), share: float = 0.0) -> Endpoint:
    pending = PendingUpdate(
        config_name="new",
        started=0.0,
        planned=(),
        variants=tuple(_variant(*v, "new") for v in new),
        share=share,
    )
    return Endpoint(
        name="e",
        arn="arn",
        config_name="old",
        status=EndpointStatus.UPDATING,
        created=0.0,
        modified=0.0,
        variants=tuple(_variant(*v, "old") for v in old),
        pending=pending,
    )


def test_without_pending_update_weights_are_as_set():
    """An endpoint at rest serves its variants with their own weights, 0 included."""
    quiet = replace(_endpoint([("blue", 3.0), ("green", 0.0)]), pending=None)
    assert [(v.name, v.weight) for v in view_of(quiet).variants] == [("blue", 3.0), ("green", 0.0)]


@given(
    share=st.floats(0.01, 0.99),
    old=st.floats(0.1, 100.0),
    new=st.floats(0.1, 100.0),
)
def test_share_of_the_new_side_is_kept(share: Any, old: Any, new: Any):
    """Whatever the weights of both sides, the new one gets its share of all requests."""
    view = view_of(_endpoint([("blue", old), ("green", 0.0)], [("blue", new)], share))
    total = sum(v.weight for v in view.variants)
    fresh = sum(v.weight for v in view.variants if v.config == "new")
    assert fresh / total == pytest.approx(share)


def test_variant_of_weight_zero_gets_nothing_while_shifting():
    """A slot of weight 0 has no request on either side of a shift."""
    pairs = [("blue", 1.0), ("green", 0.0)]
    view = view_of(_endpoint(pairs, pairs, 0.5))
    assert [v.weight for v in view.variants if v.name == "green"] == [0.0, 0.0]


@pytest.mark.parametrize(("share", "configs"), [(0.0, ["old"]), (1.0, ["new"])])
def test_whole_shares_show_one_side(share: Any, configs: Any):
    """With none or all of the traffic shifted only one side serves, with its own weights."""
    view = view_of(_endpoint([("blue", 2.0)], [("blue", 5.0)], share))
    assert [v.config for v in view.variants] == configs
    assert view.variants[0].weight in {2.0, 5.0}
