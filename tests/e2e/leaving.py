"""Stories leave nothing behind that goes on working: each takes its stacks away in the end.

What is left deployed goes on checking its health and watching its alarms, and at the speed of these
clouds that took half of a core: every later story had less of the machine.
"""

from emulator.deployment.stacks import delete_stack
from emulator.deployment.target import loopback_target
from emulator.server import EmbeddedCloud


def remove_stacks(cloud: EmbeddedCloud, prefix: str, *, account: str | None = None) -> list[str]:
    """No stack's name begins with the prefix; returns those that did, each before what it uses."""
    target = loopback_target(cloud.session(account))
    pages = target.cloudformation.get_paginator("describe_stacks").paginate()
    found = [stack for page in pages for stack in page["Stacks"]]
    ours = [stack for stack in found if stack["StackName"].startswith(prefix)]
    # What uses a stack was made after it.
    newest_first = sorted(ours, key=lambda stack: stack["CreationTime"], reverse=True)
    names = [stack["StackName"] for stack in newest_first]
    for name in names:
        target.cloudformation.update_termination_protection(
            StackName=name, EnableTerminationProtection=False
        )
        delete_stack(target, name)
    return names
