"""AWS IoT Greengrass V2 in the embedded cloud: components, deployments, core devices.

The public API is checked against botocore's model. What a core device says to Greengrass (on AWS
over MQTT with its certificate) is a plane of our own here, on loopback: see `plane.py`. Nothing
runs a component but the devices that are started for it (`emulator.greengrass.device`).
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """Greengrass and IoT's role aliases answer."""
    from emulator.greengrass.plugin import install_greengrass  # noqa: PLC0415 - imports ministack

    install_greengrass(runtime)
