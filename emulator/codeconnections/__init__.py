"""CodeConnections of the embedded cloud: connections to Git providers, backed by local folders.

On AWS a person finishes a connection in the console; here by a tag that names a folder of this
machine. Both names of the service (`codeconnections`, `codestar-connections`) are answered.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Connections can be made, finished and used."""
    from emulator.codeconnections.plugin import install_codeconnections  # noqa: PLC0415 - ministack

    install_codeconnections(runtime)
