"""SageMaker's data plane: real model processes, the weighted split, InvokeEndpoint, data capture.

The control plane (the rest of ``emulator.sagemaker``) decides *what* serves and hands it over as an
`EndpointView`; this package decides nothing about releases, it only serves what the view says.
"""
