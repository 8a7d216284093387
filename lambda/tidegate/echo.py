"""The version that a container says it is, in the `CustomAttributes` of its answer.

SageMaker forwards what the container sets there verbatim (InvokeEndpoint in the API reference: up
to 1024 visible ASCII characters, "the code in your model is responsible for setting" them). Other
attributes may stand beside it, separated by commas or semicolons.
"""

import re

VARIABLE = "TIDEGATE_VERSION"
"""The variable of the container's environment that has the digest of its version."""

ATTRIBUTE = "tidegate-version"


def echo_of(digest: str) -> str:
    """What a container of this version sets as its custom attribute."""
    return f"{ATTRIBUTE}={digest}"


def echoed_digest(attributes: str) -> str:
    """The digest in an answer's custom attributes, "" where none is in them."""
    parts = (part.strip() for part in re.split("[,;]", attributes))
    told = [part.partition("=")[2] for part in parts if part.startswith(f"{ATTRIBUTE}=")]
    return told[0] if told else ""
