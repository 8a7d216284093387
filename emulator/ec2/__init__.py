"""EC2 fleets of the embedded cloud: auto-scaling groups whose instances serve models.

Groups keep their number of instances, register them with load balancers and refresh them. An
instance is no machine: what its user data declares (a cloud-config with systemd units that fetch
an artifact and run a container) is interpreted, and the container is the same process as on a
SageMaker endpoint. Other commands are written down and not run. Launch templates are ministack's.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Groups can be made, and their instances serve."""
    from emulator.ec2.plugin import install_groups  # noqa: PLC0415 - imports ministack

    install_groups(runtime)
