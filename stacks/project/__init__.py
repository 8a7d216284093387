"""The project file: from YAML to specifications that stacks can be built from.

Nothing in here creates a construct, reads the environment or touches the network.
"""
