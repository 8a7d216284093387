"""Application Auto Scaling of SageMaker variants, as far as templates declare it."""
