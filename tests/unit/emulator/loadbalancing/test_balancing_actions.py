"""Actions of listeners and rules: their kept form, and what is refused."""

from typing import Any

import pytest

from emulator.loadbalancing.actions import normal_actions
from emulator.loadbalancing.errors import BalancingError

GROUPS = {"g1": None, "g2": None}
FORWARD = {"Type": "forward", "TargetGroupArn": "g1"}
JWT: dict[str, Any] = {
    "Type": "jwt-validation",
    "JwtValidationConfig": {"JwksEndpoint": "https://a.example.com/jwks", "Issuer": "a"},
}


def _fixed(**config: Any) -> dict[str, Any]:
    return {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200", **config}}


def _jwt(**config: Any) -> dict[str, Any]:
    return {
        "Type": "jwt-validation",
        "JwtValidationConfig": {**JWT["JwtValidationConfig"], **config},
    }


def _normal(*actions: dict[str, Any], protocol: str = "HTTPS") -> list[dict[str, Any]]:
    return normal_actions(actions, protocol=protocol, groups=GROUPS)


def test_a_plain_forward_has_its_config_too() -> None:
    """Describe operations show both forms, with weight 1."""
    normal = _normal(FORWARD)[0]

    assert normal["TargetGroupArn"] == "g1"
    assert normal["ForwardConfig"]["TargetGroups"] == [{"TargetGroupArn": "g1", "Weight": 1}]


def test_a_weight_of_zero_is_kept() -> None:
    """Zero is a value."""
    groups = [{"TargetGroupArn": "g1", "Weight": 0}, {"TargetGroupArn": "g2", "Weight": 5}]

    normal = _normal({"Type": "forward", "ForwardConfig": {"TargetGroups": groups}})[0]

    assert [g["Weight"] for g in normal["ForwardConfig"]["TargetGroups"]] == [0, 5]


def test_actions_are_kept_in_their_order() -> None:
    """The order given counts, not the place in the list."""
    normal = _normal({**FORWARD, "Order": 2}, {**JWT, "Order": 1})

    assert [(a["Type"], a["Order"]) for a in normal] == [("jwt-validation", 1), ("forward", 2)]


@pytest.mark.parametrize(
    ("actions", "said"),
    [
        ([], "at least one"),
        ([JWT], "the last action must be"),
        ([_fixed(), FORWARD], "only the last action"),
        ([{"Type": "authenticate-oidc"}], "does not emulate the action"),
        ([{"Type": "forward"}], "needs TargetGroupArn"),
        ([{"Type": "forward", "TargetGroupArn": "g3"}], "not found"),
        ([{**FORWARD, "RedirectConfig": {}}], "may not have RedirectConfig"),
        ([{"Type": "redirect"}], "needs RedirectConfig"),
        ([{"Type": "redirect", "RedirectConfig": {"StatusCode": "HTTP_301"}}], "at least one of"),
        ([{"Type": "redirect", "RedirectConfig": {"StatusCode": "302", "Path": "/"}}], "HTTP_302"),
        ([_fixed(StatusCode="301")], "2xx, 4xx or 5xx"),
        ([_fixed(ContentType="image/png")], "ContentType must be"),
        ([_fixed(MessageBody="x" * 1025)], "at most 1024"),
        ([_jwt(JwksEndpoint="http://a.example.com/jwks"), FORWARD], "full https URL"),
        ([_jwt(JwksEndpoint="https://a.example.com"), FORWARD], "full https URL"),
        ([_jwt(Issuer="x" * 257), FORWARD], "Issuer must have 1 to 256"),
        (
            [
                _jwt(
                    AdditionalClaims=[{"Format": "single-string", "Name": "iss", "Values": ["a"]}]
                ),
                FORWARD,
            ],
            "validated already",
        ),
    ],
)
def test_actions_that_cannot_run_are_refused(actions: list[dict[str, Any]], said: str) -> None:
    """Nothing is recorded and then ignored."""
    with pytest.raises(BalancingError, match=said):
        _normal(*actions)


@pytest.mark.parametrize(
    ("config", "said"),
    [
        ({"TargetGroups": [{"TargetGroupArn": "g1", "Weight": 1000}]}, "0 to 999, got 1000"),
        ({"TargetGroups": [{"TargetGroupArn": "g1"}] * 6}, "at most 5"),
        (
            {
                "TargetGroups": [{"TargetGroupArn": "g1"}],
                "TargetGroupStickinessConfig": {"Enabled": True},
            },
            "stickiness",
        ),
    ],
)
def test_forwards_that_cannot_run_are_refused(config: dict[str, Any], said: str) -> None:
    """Weights in bounds, not sticky."""
    with pytest.raises(BalancingError, match=said):
        _normal({"Type": "forward", "ForwardConfig": config})


def test_tokens_are_verified_on_https_only() -> None:
    """A token sent in clear is no secret."""
    with pytest.raises(BalancingError, match="HTTPS listeners only"):
        _normal(JWT, FORWARD, protocol="HTTP")


def test_plain_http_key_sets_are_for_loopback() -> None:
    """A fake issuer of a test needs no certificate."""
    assert _normal(_jwt(JwksEndpoint="http://127.0.0.1:81/jwks"), FORWARD)
