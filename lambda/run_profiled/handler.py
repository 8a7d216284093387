"""The handler of every function in a stage with `profiling`: the function's own, under the agent.

The agent is AWS's (`codeguru_profiler_agent`), by its decorator, as the user guide says for Lambda.
Whatever is wrong with it, the function does its work: profiles are worth less than answers.
"""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from typing import Any

OWN_HANDLER = "PROFILED_HANDLER"
"""The variable that names the function's own handler, `package.handler.handle`."""

Handler = Callable[[Any, Any], Any]


def profiled(own: Handler) -> Handler:
    """The handler under the agent, or itself where the agent cannot be loaded."""
    try:
        from codeguru_profiler_agent import with_lambda_profiler  # noqa: PLC0415 - may be missing
    except ImportError:
        return own
    decorated: Handler = with_lambda_profiler()(own)
    return decorated


def own_handler(name: str) -> Handler:
    """The handler of that name; ImportError or AttributeError if there is none."""
    module, _, function = name.rpartition(".")
    found: Handler = getattr(importlib.import_module(module), function)
    return found


handle = profiled(own_handler(os.environ[OWN_HANDLER]))
