"""Adapters: the ports of `tidegate` over boto3, one AWS service a file.

Each translates AWS's errors into the core's once, at the edge. It may import `tidegate` and boto3,
and nothing of the functions, the stacks, the command line or the embedded cloud.
"""
