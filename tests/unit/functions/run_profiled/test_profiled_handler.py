"""Functions of a profiled stage run under the agent, and without it where there is none."""

import sys
from collections.abc import Iterator
from types import ModuleType

import pytest


@pytest.fixture
def module(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    """The wrapper, around a function of the standard library."""
    monkeypatch.setenv("PROFILED_HANDLER", "json.dumps")
    monkeypatch.delitem(sys.modules, "run_profiled.handler", raising=False)
    from run_profiled import handler  # noqa: PLC0415 - it reads the environment

    yield handler
    sys.modules.pop("run_profiled.handler", None)


def test_own_handlers_are_found_by_name(module: ModuleType):
    """As Lambda finds them."""
    assert module.own_handler("os.path.join")("a", "b") == "a/b"
    with pytest.raises(AttributeError):
        module.own_handler("json.nothing")


def test_without_an_agent_the_function_does_its_work(
    module: ModuleType, monkeypatch: pytest.MonkeyPatch
):
    """Itself, undecorated."""
    monkeypatch.setitem(sys.modules, "codeguru_profiler_agent", None)
    assert module.profiled(max) is max


def test_with_the_agent_the_function_is_decorated(module: ModuleType):
    """Its answers are the same where the agent is switched off."""
    assert module.profiled(max) is not max
    assert module.handle is not module.own_handler("json.dumps")
