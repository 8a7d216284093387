"""Wildcards in what roles may do: the report of them, and those that are never right."""

from collections.abc import Iterator

from gate.finding import Fault, Severity
from gate.policies import written
from gate.rule import Rule, each_template
from gate.template import Template, text_of


@each_template
def _actions(template: Template) -> Iterator[Fault]:
    for statement in written(template):
        broad = [action for action in statement.actions if "*" in action]
        if statement.allows and broad:
            path = (*statement.path, "Action")
            wrong = "these actions are wildcards"
            yield statement.owner.fault(path, wrong, got=broad, allowed="each by name")


@each_template
def _passing(template: Template) -> Iterator[Fault]:
    for statement in written(template):
        anything = [r for r in statement.resources if text_of(r) == "*"]
        if "iam:PassRole" in statement.actions and statement.allows and anything:
            yield statement.owner.fault(
                (*statement.path, "Resource"),
                "any role may be passed on, an administrator's too",
                got="*",
                allowed="the roles that are passed",
            )


@each_template
def _resources(template: Template) -> Iterator[Fault]:
    for statement in written(template):
        texts = [text for text in map(text_of, statement.resources) if text is not None]
        broad = [text for text in texts if "*" in text]
        if statement.allows and broad:
            path = (*statement.path, "Resource")
            wrong = f"{', '.join(statement.actions)} on more than one resource"
            yield statement.owner.fault(path, wrong, got=broad)


_GUIDE = "IAM user guide, Security best practices: apply least-privilege permissions"
RULES = (
    Rule(
        id="wildcard-action",
        holds="roles name each action",
        source=_GUIDE,
        check=_actions,
        severity=Severity.WARNING,
    ),
    Rule(
        id="pass-any-role",
        holds="a role that may be passed on is named",
        source="IAM user guide, Granting a user permissions to pass a role to an AWS service",
        check=_passing,
    ),
    Rule(
        id="wildcard-resource",
        holds="(report) rights on more than one resource are told",
        source=_GUIDE,
        check=_resources,
        severity=Severity.NOTE,
    ),
)
