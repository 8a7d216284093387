"""Roles as deployed, with one right less, and the proof that a story misses it."""

import itertools
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cli.privileges.proofs import FOLDER, Proof, to_text
from cli.privileges.required import source_of
from cli.privileges.rights import Right, kind_of, listed, roles_of
from tests.e2e.world import World

_made: dict[tuple[str, str, str | None], Any] = {}


def client(world: World, service: str, account: str | None = None) -> Any:
    """A client of an account's administrator, the cloud's own without one.

    It is made once a cloud: to make one costs more than a story.
    """
    key = (world.cloud.endpoint_url, service, account)
    if key not in _made:
        _made[key] = world.cloud.session(account).client(service)  # type: ignore[call-overload]
    return _made[key]


class StoryFailedError(Exception):
    """A role's holder did not do what its story asks for."""


@dataclass(slots=True, kw_only=True)
class DeployedRole:
    """A role of a deployed stack, by its logical id; of the cloud's own account without one."""

    world: World
    role_id: str
    stack: str
    account: str | None = None

    def rights(self) -> list[Right]:
        """Everything that the role allows, as the table of privileges names it."""
        roles = roles_of({"Resources": {self.role_id: self._declared()}})
        return [right for role in roles for right in role.rights]

    @contextmanager
    def without(self, *rights: Right) -> Iterator[None]:
        """The role lacks these rights while the block runs, and nobody remembers having them."""
        before, changed = self._policies(), []
        try:
            for name, document in before.items():
                kept = self._left(name, document["Statement"], rights)
                if kept != document["Statement"]:
                    changed.append(name)
                    self._put(name, {**document, "Statement": kept})
            self.start_cold()
            yield
        finally:
            for name in changed:
                self._put(name, before[name])
            self.start_cold()

    def start_cold(self) -> None:
        """Whoever takes the role next has nothing cached."""

    @property
    def name(self) -> str:
        """What IAM calls the role."""
        return self.physical_id(self.role_id)

    def physical_id(self, logical_id: str) -> str:
        """What a resource of the role's stack is called."""
        told = self._client("cloudformation").describe_stack_resource(
            StackName=self.stack, LogicalResourceId=logical_id
        )
        return str(told["StackResourceDetail"]["PhysicalResourceId"])

    def _client(self, service: str) -> Any:
        return client(self.world, service, self.account)

    def _declared(self) -> Mapping[str, Any]:
        asked = self._client("cloudformation")
        body = asked.get_template(StackName=self.stack)["TemplateBody"]
        document = json.loads(body) if isinstance(body, str) else body
        declared: Mapping[str, Any] = document["Resources"][self.role_id]
        return declared

    def _left(
        self, policy: str, statements: Sequence[Mapping[str, Any]], rights: Sequence[Right]
    ) -> Sequence[Mapping[str, Any]]:
        """The statements of a policy without these rights."""
        policies = self._declared()["Properties"]["Policies"]
        found = next(p for p in policies if p["PolicyName"] == policy)
        declared: Sequence[Mapping[str, Any]] = found["PolicyDocument"]["Statement"]
        for right in rights:
            parts = [_parts(*pair, right) for pair in zip(statements, declared, strict=True)]
            statements = [live for part in parts for live, _ in part]
            declared = [template for part in parts for _, template in part]
        return statements

    def _policies(self) -> dict[str, Any]:
        iam, role = self._client("iam"), self.name
        names = iam.list_role_policies(RoleName=role)["PolicyNames"]
        return {
            name: iam.get_role_policy(RoleName=role, PolicyName=name)["PolicyDocument"]
            for name in names
        }

    def _put(self, policy: str, document: Mapping[str, Any]) -> None:
        iam, role = self._client("iam"), self.name
        if document["Statement"]:
            iam.put_role_policy(
                RoleName=role, PolicyName=policy, PolicyDocument=json.dumps(document)
            )
        else:
            iam.delete_role_policy(RoleName=role, PolicyName=policy)


@dataclass(slots=True)
class Role(DeployedRole):
    """The execution role of a deployed function of the release stack, by the function's package."""

    package: str
    _runs: Iterator[int] = field(default_factory=itertools.count)

    def __init__(self, *, world: World, package: str) -> None:
        self.world, self.package, self.stack = world, package, world.release_stack
        self.account = None
        self.role_id = f"{self._function_id}Role"
        self._runs = itertools.count()

    @property
    def function(self) -> str:
        """The function's name."""
        return self.physical_id(self._function_id)

    @property
    def _function_id(self) -> str:
        return "".join(part.capitalize() for part in self.package.split("_"))

    def start_cold(self) -> None:
        """The next invocation is served by a new worker: none has anything cached."""
        functions, name = client(self.world, "lambda"), self.function
        known = functions.get_function_configuration(FunctionName=name)
        variables = {**known["Environment"]["Variables"], "STORY": str(next(self._runs))}
        functions.update_function_configuration(
            FunctionName=name, Environment={"Variables": variables}
        )


Pair = tuple[Mapping[str, Any], Mapping[str, Any]]


def _parts(statement: Mapping[str, Any], declared: Mapping[str, Any], right: Right) -> list[Pair]:
    """What a statement is without the right, each part beside what the template says of it."""
    actions, resources = listed(statement["Action"]), listed(statement["Resource"])
    templates = listed(declared["Resource"])
    kinds = [kind_of(resource) for resource in templates]
    if right.action not in actions or right.resource not in kinds:
        return [(statement, declared)]
    parts: list[Pair] = []
    others = {"Action": [action for action in actions if action != right.action]}
    if others["Action"]:
        parts.append(({**statement, **others}, {**declared, **others}))
    places = [place for place, kind in enumerate(kinds) if kind != right.resource]
    if places:
        alone = {"Action": [right.action]}
        live = {**statement, **alone, "Resource": [resources[place] for place in places]}
        template = {**declared, **alone, "Resource": [templates[place] for place in places]}
        parts.append((live, template))
    return parts


Story = Callable[[World, Any], None]
Stories = Mapping[str, Story]


@dataclass(frozen=True, slots=True, kw_only=True)
class Prover:
    """Proves roles by stories; `write` keeps what was proven, else it must be what is kept."""

    write: bool
    folder: Path = FOLDER

    def prove(
        self,
        name: str,
        role: DeployedRole,
        stories: Stories,
        *,
        about: Callable[[Right], bool] = lambda _: True,
        after: Callable[[], None] = lambda: None,
    ) -> None:
        """With its role intact every story passes; without any one right, one of them fails.

        Excepted are the rights that AWS needs and nothing here misses: without all of them
        together the stories pass, so the list of these holds none that a story could prove.
        `about` says which rights this is about, if not all; `after` tidies up behind a story that
        failed, with the role intact. `name` is that of the kept file.
        """
        rights = [right for right in role.rights() if about(right)]
        listed_as_required = [right for right in rights if source_of(right) is not None]
        role.start_cold()
        for story in stories.values():
            story(role.world, role)
        failed = self._failing(role, stories, *listed_as_required)
        assert failed is None, f"{failed} misses one of {listed_as_required}"
        proofs, unneeded = [], []
        for right in (right for right in rights if right not in listed_as_required):
            failed = self._failing(role, stories, right)
            if failed is None:
                unneeded.append(right)
            else:
                after()
                proofs.append(Proof(right=right, story=failed))
        assert not unneeded, f"no story misses {unneeded}, and AWS is not said to need them"
        self._keep(name, proofs)

    @staticmethod
    def _failing(role: DeployedRole, stories: Stories, *rights: Right) -> str | None:
        """The first story that fails without the rights."""
        with role.without(*rights):
            for name, story in stories.items():
                try:
                    story(role.world, role)
                except StoryFailedError:
                    return name
        return None

    def _keep(self, name: str, proofs: list[Proof]) -> None:
        path, text = self.folder / f"{name}.json", to_text(proofs)
        if self.write:
            path.write_text(text, encoding="utf-8")
        known = path.read_text(encoding="utf-8") if path.is_file() else ""
        assert known == text, f"{path.name} is not what was proven: run 'make proofs'"
