"""The program that plays SageMaker's framework containers: one process a variant instance.

It runs outside the server and knows the container contract only (environment, model directory,
``/ping``, ``/invocations``). It may import nothing else of the embedded cloud.
"""
