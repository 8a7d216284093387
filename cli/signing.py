"""The signing keys of a deployed project, and what a tester's token is made with them.

Whoever may read the signing secret may choose slots: nothing else authorises it.
"""

from cli.deployed import Deployed, release_stack
from cli.exits import CommandError, Exit
from cli.target import Target
from tidegate.override import Override, sign_override
from tidegate.ports import Clock, Keys
from tidegate_aws.keys import SecretKeys

SIGNING_SECRET = "SigningSecret"  # noqa: S105 - the secret's logical id in the release stack
TOKEN_SECONDS = 300


def keys_of(target: Target, *, project: str, stage: str) -> Keys:
    """The keys of a deployed project, read when they are asked for."""
    told = target.client("cloudformation").describe_stack_resource(
        StackName=release_stack(project, stage), LogicalResourceId=SIGNING_SECRET
    )
    return SecretKeys(
        client=target.client("secretsmanager"),
        secret_arn=told["StackResourceDetail"]["PhysicalResourceId"],
        clock=target.clock,
    )


def slot_token(deployed: Deployed, keys: Keys, *, model: str, slot: str, clock: Clock) -> str:
    """A token for a slot of a model, for TOKEN_SECONDS of the cloud's clock."""
    split = deployed.store.split(deployed.known_model(model))
    slots = () if split is None else tuple(sorted(split.digests))
    if slot not in slots:
        raise CommandError(
            f"{model} has no slot {slot}, only {', '.join(slots) or 'none yet'}", code=Exit.USAGE
        )
    override = Override(model=model, slot=slot, expires_at=clock.now() + TOKEN_SECONDS)
    return sign_override(override, keys.read())
