"""Derived names."""

import re

from hypothesis import given
from hypothesis import strategies as st

from stacks.project.names import endpoint_name, logical_id, model_stack_name, shortened

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}(-[a-z0-9]{1,8}){0,4}", fullmatch=True)
_PROJECT = st.from_regex(r"[a-z][a-z0-9]{0,9}(-[a-z0-9]{1,9})?", fullmatch=True)
_STAGE = st.from_regex(r"[a-z][a-z0-9]{0,9}", fullmatch=True)
_MODEL = NAMES.filter(lambda name: len(name) <= 40)


@given(_PROJECT, _STAGE, _MODEL)
def test_endpoint_name_is_one_that_sagemaker_takes(project: str, stage: str, model: str):
    """At most 63 letters, digits and single hyphens (CreateEndpoint, EndpointName)."""
    name = endpoint_name(project, stage, model)

    assert len(name) <= 63
    assert re.fullmatch(r"[a-zA-Z0-9](-*[a-zA-Z0-9])*", name)


@given(_PROJECT, _STAGE, _MODEL)
def test_logical_id_leaves_room_for_a_generated_name(project: str, stage: str, model: str):
    """CloudFormation appends a hyphen and twelve characters; SageMaker takes 63."""
    id_ = logical_id(project, stage, model, "GreenModel")

    assert len(id_) <= 50
    assert id_.isalnum()
    assert id_.endswith("GreenModel")


def test_short_text_stays_as_it_is():
    """A name that fits is not changed."""
    assert shortened("short", 10) == "short"


def test_long_texts_that_differ_stay_different():
    """Two names with one beginning do not become one name."""
    a, b = shortened("x" * 70 + "a", 63), shortened("x" * 70 + "b", 63)

    assert a != b
    assert len(a) == len(b) == 63


def test_stack_name_follows_from_the_models_name_alone():
    """A model never moves when another one is added."""
    assert model_stack_name("shop", "dev", "fraud") == "shop-dev-model-fraud"
