"""HTTP APIs of API Gateway as AWS refuses and authorizes them."""

from emulator.runtime import Runtime


def install(_runtime: Runtime) -> None:
    """Refusals are worded as AWS's, and functions must permit the API."""
    from emulator.seams import httpapis as seam  # noqa: PLC0415 - imports ministack

    seam.install()
