"""SageMaker of the embedded cloud: a control plane, and processes that serve real models.

The control plane (this package's own files) decides what should run; `ports` names the little it
needs from the data plane, which starts the processes and answers `InvokeEndpoint`.
"""
