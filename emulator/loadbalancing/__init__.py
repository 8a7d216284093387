"""Application load balancers of the embedded cloud: real listeners before functions and instances.

Control plane and data plane are ours: ministack's drops JWT actions and weights, checks little and
serves no TLS. Network and gateway load balancers, and targets by address, are refused.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Load balancers can be made, listen on loopback addresses and are known to DNS."""
    from emulator.loadbalancing.plugin import install_balancers  # noqa: PLC0415 - imports ministack

    install_balancers(runtime)
