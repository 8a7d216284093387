"""Whether settings of a service can be released: some need work of AWS before they can answer."""

import json
from typing import Any

from botocore.exceptions import ClientError

from cli.deployed import Deployed, stack_outputs
from cli.exits import CommandError, Exit
from tidegate.managed import is_managed

_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


def refuse_unready(deployed: Deployed, name: str) -> None:
    """CommandError where an arm that would be released cannot answer as its settings say yet."""
    if name not in deployed.store.models():
        return
    declaration, pointer = deployed.store.declaration(name), deployed.store.pointer(name)
    if declaration is None or pointer is None or not is_managed(declaration.endpoint_name):
        return
    outputs = stack_outputs(deployed.target, f"{deployed.project}-{deployed.stage}-ai-{name}")
    if not outputs or "Ready" not in outputs:
        return
    s3 = deployed.target.client("s3")
    ready: dict[str, dict[str, str]] = json.loads(outputs["Ready"])
    missing = [
        f"{version.label} in slot {slot}: {ready[slot.value]['after']}"
        for slot, version in sorted(declaration.slots.items())
        if version.digest != pointer.version.digest
        and slot.value in ready
        and not _is_there(s3, outputs["BucketName"], ready[slot.value]["key"])
    ]
    if missing:
        raise CommandError(
            f"{name} is not ready to be released: {'; '.join(missing)}", code=Exit.REFUSED
        )


def _is_there(s3: Any, bucket: str, key: str) -> bool:
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except ClientError as error:
        if error.response["Error"]["Code"] in _ABSENT:
            return False
        raise
    return True
