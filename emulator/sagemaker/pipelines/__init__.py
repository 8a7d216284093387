"""SageMaker Pipelines: definitions of steps, and executions that really carry them out.

`definition` reads a definition once, `expressions` puts values into arguments, `engine` decides
which step is next, `steps` carries one out as the pipeline's role through the front door, so that
IAM decides about every call. Sources: the definition's JSON schema (aws-sagemaker-mlops.github.io,
"SageMaker Model Building Pipeline definition", version 2020-12-01) and the API reference.
"""
