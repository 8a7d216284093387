"""SageMaker's model registry: groups of model packages, their versions and their approval.

Only versioned packages are kept here; nothing of a package runs until a model is made of it.
"""
