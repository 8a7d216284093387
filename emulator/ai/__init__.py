"""AWS's AI services in the embedded cloud: which there are, and the faults that they can be told.

A service is a folder here and a line in `plugin.SERVICES`. Each answer names the engine that made
it in the header `x-emulated-engine`.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """The services answer, and their faults can be set."""
    from emulator.ai.plugin import install_ai  # noqa: PLC0415 - imports ministack

    install_ai(runtime)
