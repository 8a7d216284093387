"""What the processes of an embedded cloud weigh, by what they are for.

Proportional set size: memory that forked processes share is counted once, spread over them.
"""

from collections.abc import Iterator

import psutil

_KINDS = (("serving_container", "models"), ("lambda_runtime", "lambda_functions"))
_MEBIBYTE = 1 << 20


def memory_mebibytes(server_pid: int) -> dict[str, float]:
    """Mebibytes of the server, of its model processes and of its Lambda processes."""
    weights = {"server": 0.0, "models": 0.0, "lambda_functions": 0.0}
    for process in _family(server_pid):
        try:
            kind = "server" if process.pid == server_pid else _kind(process)
            weights[kind] += process.memory_full_info().pss / _MEBIBYTE
        except psutil.Error:
            # It ended between being listed and being weighed.
            continue
    return {kind: round(weight, 1) for kind, weight in weights.items()}


def _family(pid: int) -> Iterator[psutil.Process]:
    server = psutil.Process(pid)
    yield server
    yield from server.children(recursive=True)


def _kind(process: psutil.Process) -> str:
    command = " ".join(process.cmdline())
    return next((kind for mark, kind in _KINDS if mark in command), "lambda_functions")
