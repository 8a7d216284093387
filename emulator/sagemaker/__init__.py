"""SageMaker of the embedded cloud: a control plane, and processes that serve real models.

The control plane (this package's own files) decides what should run and `serving` runs it; what
they tell each other is fixed in `serving.interface`. Nothing here knows the product.
"""
