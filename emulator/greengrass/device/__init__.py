"""A core device on this machine: it installs and runs components, as Greengrass's nucleus does.

It speaks the plane of `emulator.greengrass.plane`; artifacts come from S3 with a session of the
role alias, so that what a device may do is enforced. Docs: `docs/reference/embedded-greengrass.md`.
"""
