"""The embedded cloud: AWS's APIs on this machine, for templates and handlers that deploy to AWS."""
