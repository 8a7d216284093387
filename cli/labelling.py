"""Labelling services of a deployed project: what `tidegate label` does with them."""

import secrets
import string
from dataclasses import dataclass
from typing import Any

from cli.deployed import stack_outputs
from cli.exits import CommandError, Exit
from cli.options import Place
from cli.services import Service, known_services, service_of
from tidegate_aws.errors import code_of

KIND = "labelling"
_PASSWORD_LENGTH = 20
_SIGNS = "!@#%*-_=+"


@dataclass(frozen=True, slots=True, kw_only=True)
class Labelling:
    """One labelling service, and the outputs of its stack."""

    where: Place
    service: Service
    outputs: dict[str, str]

    def ask(self, route: str, **fields: Any) -> Any:
        """What a route answers."""
        return self.service.ask(self.service.route(route), fields).required()

    def export(self) -> bytes:
        """The labelled manifest that the last run wrote."""
        link = self.ask("manifest")["get"]
        answer = self.service.door.pool.request("GET", link)
        if answer.status != 200:
            raise CommandError(f"S3 did not give the manifest: HTTP {answer.status}")
        return bytes(answer.data)

    @property
    def page(self) -> str:
        """The address that people label at."""
        return f"{self.service.door.url}{self.outputs['PagePath']}"

    @property
    def pool(self) -> str:
        """The id of the user pool; CommandError where people sign in elsewhere."""
        found = self.outputs.get("PeoplePoolId")
        if found is None:
            raise CommandError(
                f"people of {self.service.name} sign in at a provider of its own (sign_in): "
                "invite them there",
                code=Exit.REFUSED,
            )
        return found

    def invite(self, name: str, email: str | None) -> str | None:
        """The person may sign in. By e-mail, or else with the password that is returned."""
        client = self.where.target.client("cognito-idp")
        told: dict[str, Any] = {"UserPoolId": self.pool, "Username": name}
        password = None
        if email is None:
            password = _password()
            told |= {"MessageAction": "SUPPRESS", "TemporaryPassword": password}
        else:
            verified = {"Name": "email_verified", "Value": "true"}
            told["UserAttributes"] = [{"Name": "email", "Value": email}, verified]
            told["DesiredDeliveryMediums"] = ["EMAIL"]
        try:
            client.admin_create_user(**told)
        except client.exceptions.ClientError as error:
            if code_of(error) != "UsernameExistsException":
                raise
            message = f"{name} was invited before: people keep their names and passwords"
            raise CommandError(message, code=Exit.REFUSED) from error
        return password


def _password() -> str:
    """One that the pool takes: every kind of character is in it."""
    kinds = (string.ascii_lowercase, string.ascii_uppercase, string.digits, _SIGNS)
    every = "".join(kinds)
    chars = [secrets.choice(kind) for kind in kinds]
    chars += [secrets.choice(every) for _ in range(_PASSWORD_LENGTH - len(chars))]
    secrets.SystemRandom().shuffle(chars)
    return "".join(chars)


def labelling_of(where: Place, name: str) -> Labelling:
    """The deployed labelling service of that name; CommandError lists those that there are."""
    kinds = known_services(where)
    mine = [service for service, kind in kinds.items() if kind.name == KIND]
    if name not in mine:
        known = ", ".join(mine) or "none"
        raise CommandError(
            f"{where.project.path} has no labelling service {name}, only: {known}", code=Exit.USAGE
        )
    stack = f"{where.project.name}-{where.stage}-ai-{name}"
    outputs = stack_outputs(where.reading, stack)
    if outputs is None:
        raise CommandError(f"{stack} is not deployed: run 'tidegate deploy'", code=Exit.REFUSED)
    return Labelling(where=where, service=service_of(where, name), outputs=outputs)
