"""KMS keys: services that encrypt for others must be let in by the key itself."""

from collections.abc import Iterator

from gate.finding import Fault
from gate.policies import Statement, statements_of
from gate.rule import Rule, each, each_template
from gate.template import Resource, Template, items, target, text_of

KEY = "AWS::KMS::Key"
_SNS_OWN = "alias/aws/sns"


def _statements(key: Resource) -> list[Statement]:
    return list(statements_of(key.at("KeyPolicy"), key, ("KeyPolicy",)))


def _lets_in(key: Resource, service: str) -> bool:
    for statement in _statements(key):
        principal = statement.body.get("Principal")
        named = principal.get("Service") if isinstance(principal, dict) else principal
        texts = [text_of(one) or "" for one in items(named)]
        if statement.allows and any(t == "*" or t.startswith(service) for t in texts):
            return True
    return False


def _key_of(resource: Resource, value: object) -> Resource | None:
    found = resource.template.every.get(target(value))
    return found if found is not None and found.kind == KEY else None


@each("AWS::Logs::LogGroup")
def _logs(group: Resource) -> Iterator[Fault]:
    key = _key_of(group, group.at("KmsKeyId"))
    if key is not None and not _lets_in(key, "logs."):
        yield key.fault(
            ("KeyPolicy",),
            f"CloudWatch Logs may not use the key of {group.id}",
            allowed="a statement for logs.REGION.amazonaws.com: Encrypt, Decrypt, GenerateDataKey",
        )


@each_template
def _topics(template: Template) -> Iterator[Fault]:
    told = {
        target(action)
        for alarm in template.of("AWS::CloudWatch::Alarm", "AWS::CloudWatch::CompositeAlarm")
        for name in ("AlarmActions", "OKActions", "InsufficientDataActions")
        for action in items(alarm.at(name))
    }
    for topic in template.of("AWS::SNS::Topic"):
        master = topic.at("KmsMasterKeyId")
        if topic.id not in told or master is None:
            continue
        key = _key_of(topic, master)
        if text_of(master) == _SNS_OWN or (key is not None and not _lets_in(key, "cloudwatch.")):
            yield topic.fault(
                ("KmsMasterKeyId",),
                "alarms may not use this key, so that nobody is told",
                got=text_of(master),
                allowed="a key whose policy lets in cloudwatch.amazonaws.com",
            )


@each(KEY)
def _administered(key: Resource) -> Iterator[Fault]:
    managing = ("kms:PutKeyPolicy", "kms:*")
    principals = [
        statement.body.get("Principal")
        for statement in _statements(key)
        if any(statement.covers(action) for action in managing)
    ]
    if key.at("KeyPolicy") is not None and not principals:
        yield key.fault(
            ("KeyPolicy",),
            "nobody could change the key's policy any more, which KMS refuses",
            allowed="kms:* for the account's root",
        )


RULES = (
    Rule(
        id="key-of-logs",
        holds="a key that encrypts logs lets CloudWatch Logs in",
        source="CloudWatch Logs user guide, Encrypt log data using AWS KMS",
        check=_logs,
    ),
    Rule(
        id="key-of-alarm-topic",
        holds="a key of a topic that alarms tell lets CloudWatch in",
        source="SNS developer guide, Event sources and encrypted topics",
        check=_topics,
    ),
    Rule(
        id="key-administered",
        holds="somebody may change a key's policy",
        source="KMS API reference, CreateKey: BypassPolicyLockoutSafetyCheck",
        check=_administered,
    ),
)
