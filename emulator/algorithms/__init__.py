"""SageMaker's built-in algorithms: what their containers do, in processes outside of the server.

One file an algorithm that really trains and serves, and a line of `registry`; the others are
recorded, and say so. These programs know the container contract (files below /opt/ml, /ping,
/invocations) and nothing else of the embedded cloud.
"""
