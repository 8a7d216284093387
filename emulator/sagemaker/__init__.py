"""SageMaker of the embedded cloud: a control plane, and processes that serve real models.

The control plane (this package's own files) decides what should run and `serving` runs it; what
they tell each other is fixed in `ports`. Nothing here knows the product.
"""

from emulator.runtime import Runtime


def install(runtime: Runtime) -> None:
    """SageMaker answers while the cloud runs, and no process of it survives the cloud."""
    from emulator.sagemaker.plugin import install_sagemaker  # noqa: PLC0415 - imports ministack

    install_sagemaker(runtime)
