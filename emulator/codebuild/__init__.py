"""CodeBuild of the embedded cloud: builds are real processes on this machine, under their role.

A project and its builds are kept in memory; a build's files live in a folder of its own that is
gone with the build. Nothing here knows the product.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """CodeBuild answers while the cloud runs, and no process of a build survives the cloud."""
    from emulator.codebuild.plugin import install_codebuild  # noqa: PLC0415 - imports ministack

    install_codebuild(runtime)
