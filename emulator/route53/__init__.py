"""Route 53 of the embedded cloud: hosted zones answered over real DNS, health checks that probe.

ministack keeps zones, record sets, health checks and tags; what may be changed, when a change
counts, which record answers and whether a target is healthy are ours.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Route 53's API is enforced, and a DNS server on 127.0.0.1 answers for its zones."""
    from emulator.route53.plugin import install_route53  # noqa: PLC0415 - imports ministack

    install_route53(runtime)
