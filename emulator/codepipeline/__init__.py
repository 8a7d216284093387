"""CodePipeline of the embedded cloud: executions that run, under the roles of their actions.

A pipeline, its executions and their records are kept in memory; artifacts are zips in the
pipeline's own bucket. Nothing here knows the product.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """CodePipeline answers while the cloud runs."""
    from emulator.codepipeline.plugin import install_codepipeline  # noqa: PLC0415 - imports ministack

    install_codepipeline(runtime)
