"""Certificates of the embedded cloud: real ones, of an authority that lives as long as the cloud.

ministack keeps ACM's records; a requested certificate is validated by DNS and then really issued,
so that load balancers serve it and clients that trust the authority's file verify it.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """ACM issues certificates once their validation records are served."""
    from emulator.certificates.plugin import install_certificates  # noqa: PLC0415 - ministack

    install_certificates(runtime)
