"""Web ACLs before load balancers: what is enforced and what is refused."""

from typing import Any

import pytest

from emulator.loadbalancing.firewall import Firewall, faults_of

LIMIT = 10


def _acl(rule: dict[str, Any] | None = None, **members: Any) -> dict[str, Any]:
    made = {
        "Name": "rate",
        "Priority": 0,
        "Action": {"Block": {}},
        "Statement": {"RateBasedStatement": {"Limit": LIMIT, "AggregateKeyType": "IP"}},
        **(rule if rule is not None else {}),
    }
    return {"ARN": "acl", "DefaultAction": {"Allow": {}}, "Rules": [made], **members}


class Clock:
    """A clock moved by hand."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> float:
        """What it shows."""
        return self.seconds


def _blocked(firewall: Firewall, times: int, client: str = "127.0.0.1") -> int:
    return sum(firewall.blocks(_acl(), client) for _ in range(times))


def test_a_client_over_the_limit_is_blocked_and_others_are_not() -> None:
    """The limit itself passes; each address is counted by itself."""
    firewall = Firewall(Clock().now)

    assert _blocked(firewall, LIMIT) == 0
    assert _blocked(firewall, 3) == 3
    assert _blocked(firewall, LIMIT, "127.0.0.2") == 0


def test_a_client_passes_again_when_its_window_has_gone_by() -> None:
    """Requests older than five minutes do not count, blocked ones of the window do."""
    clock = Clock()
    firewall = Firewall(clock.now)
    assert _blocked(firewall, LIMIT + 1) == 1
    clock.seconds = 299.0
    assert _blocked(firewall, 1) == 1
    clock.seconds = 300.0
    assert _blocked(firewall, 1) == 0


def test_a_shorter_window_is_kept() -> None:
    """EvaluationWindowSec is the rule's own."""
    clock = Clock()
    firewall = Firewall(clock.now)
    rate = {"Limit": LIMIT, "AggregateKeyType": "IP", "EvaluationWindowSec": 60}
    acl = _acl({"Statement": {"RateBasedStatement": rate}})
    assert sum(firewall.blocks(acl, "c") for _ in range(LIMIT + 1)) == 1
    clock.seconds = 60.0
    assert not firewall.blocks(acl, "c")


def test_counting_rules_block_nobody() -> None:
    """Count only counts."""
    firewall = Firewall(Clock().now)
    acl = _acl({"Action": {"Count": {}}})

    assert not any(firewall.blocks(acl, "c") for _ in range(LIMIT * 2))


def test_a_default_of_block_blocks_all() -> None:
    """Without a rule that allows, nobody passes."""
    assert Firewall(Clock().now).blocks(_acl(DefaultAction={"Block": {}}), "c")


def test_a_changed_limit_counts_from_what_was_seen() -> None:
    """A lower limit blocks a client that was already over it."""
    firewall = Firewall(Clock().now)
    wide = _acl({"Statement": {"RateBasedStatement": {"Limit": 100, "AggregateKeyType": "IP"}}})
    for _ in range(50):
        firewall.blocks(wide, "c")

    assert firewall.blocks(_acl(), "c")


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ({"Statement": {"ManagedRuleGroupStatement": {}}}, "RateBasedStatement only"),
        (
            {
                "Statement": {
                    "RateBasedStatement": {"Limit": 10, "AggregateKeyType": "FORWARDED_IP"}
                }
            },
            "FORWARDED_IP",
        ),
        (
            {"Statement": {"RateBasedStatement": {"Limit": 10, "ScopeDownStatement": {"x": 1}}}},
            "ScopeDown",
        ),
        ({"Statement": {"RateBasedStatement": {"Limit": 9}}}, "Limit must be 10"),
        (
            {"Statement": {"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 90}}},
            "EvaluationWindowSec",
        ),
        ({"Action": {"Captcha": {}}}, "must be one of Block, Count"),
        ({"Action": {"Block": {"CustomResponse": {"ResponseCode": 429}}}}, "CustomResponse"),
    ],
)
def test_what_would_not_be_enforced_is_named(rule: dict[str, Any], said: str) -> None:
    """An ACL is enforced whole or refused."""
    assert any(said in fault for fault in faults_of(_acl(rule)))
    assert list(faults_of(_acl())) == []
