"""What load balancers of the embedded cloud keep out: invalid tokens and too many requests."""

import base64
import http.server
import json
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import botocore.exceptions
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa

from tests.emulated_tracks import GREEN, Shop
from tests.front_door import Sent, call

VISIBILITY = {
    "SampledRequestsEnabled": False,
    "CloudWatchMetricsEnabled": False,
    "MetricName": "m",
}
RATE = {
    "Name": "rate",
    "Priority": 0,
    "Action": {"Block": {}},
    "Statement": {"RateBasedStatement": {"Limit": 10, "AggregateKeyType": "IP"}},
    "VisibilityConfig": VISIBILITY,
}
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)


def _token(claims: Mapping[str, Any]) -> str:
    def encoded(data: bytes) -> str:
        return base64.urlsafe_b64encode(data).rstrip(b"=").decode()

    parts = ({"alg": "RS256", "kid": "one"}, claims)
    text = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    return f"{text}.{encoded(KEY.sign(text.encode(), padding.PKCS1v15(), hashes.SHA256()))}"


def _jwk() -> dict[str, str]:
    numbers = KEY.public_key().public_numbers()
    fields = {"n": numbers.n.to_bytes(256, "big"), "e": b"\x01\x00\x01"}
    encoded = {k: base64.urlsafe_b64encode(v).rstrip(b"=").decode() for k, v in fields.items()}
    return {"kty": "RSA", "kid": "one", **encoded}


@pytest.fixture
def issuer() -> Iterator[str]:
    """A token issuer's JWKS endpoint on loopback."""
    body = json.dumps({"keys": [_jwk()]}).encode()

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            """Quiet."""

    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}/jwks"
    server.shutdown()
    server.server_close()
    thread.join()


def test_only_a_valid_token_reaches_the_function(
    shop: Shop, rule: Callable[..., str], issuer: str
) -> None:
    """Verified by the issuer's key set; missing, expired and foreign tokens are 401."""
    claim = {"Format": "space-separated-values", "Name": "scope", "Values": ["predict"]}
    config = {"JwksEndpoint": issuer, "Issuer": "me", "AdditionalClaims": [claim]}
    forward = {"Type": "forward", "TargetGroupArn": shop.id_of("GreenGroup"), "Order": 2}
    verify = {"Type": "jwt-validation", "JwtValidationConfig": config, "Order": 1}
    arn = rule("/private", verify, forward)
    shown = shop.elb.describe_rules(RuleArns=[arn])["Rules"][0]["Actions"]
    assert shown[0]["JwtValidationConfig"] == config
    good = {"iss": "me", "exp": time.time() + 60, "scope": "read predict"}

    def status(claims: Mapping[str, Any] | None) -> int:
        headers = {} if claims is None else {"Authorization": f"Bearer {_token(claims)}"}
        return shop.ask("/private", host=GREEN, headers=headers).status

    assert status(good) == 200
    assert status(None) == 401
    assert status({**good, "exp": time.time() - 1}) == 401
    assert status({**good, "iss": "you"}) == 401
    assert status({**good, "scope": "read"}) == 401


def _private(shop: Shop, rule: Callable[..., str], path: str, **config: str) -> None:
    """Green's path needs a token."""
    forward = {"Type": "forward", "TargetGroupArn": shop.id_of("GreenGroup"), "Order": 2}
    rule(path, {"Type": "jwt-validation", "JwtValidationConfig": config, "Order": 1}, forward)


def _status(shop: Shop, path: str, token: str) -> int:
    return shop.ask(path, host=GREEN, headers={"Authorization": f"Bearer {token}"}).status


def test_tokens_of_this_clouds_cognito_are_verified(shop: Shop, rule: Callable[..., str]) -> None:
    """By the pool's own endpoint as AWS names it, without leaving the machine."""
    cognito = shop.session.client("cognito-idp")
    pool = cognito.create_user_pool(PoolName="shop")["UserPool"]["Id"]
    flows: Any = ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    client = cognito.create_user_pool_client(
        UserPoolId=pool, ClientName="c", ExplicitAuthFlows=flows
    )["UserPoolClient"]["ClientId"]
    cognito.admin_create_user(UserPoolId=pool, Username="ann")
    cognito.admin_set_user_password(
        UserPoolId=pool, Username="ann", Password="Secret-123", Permanent=True
    )
    token = cognito.admin_initiate_auth(
        UserPoolId=pool,
        ClientId=client,
        AuthFlow="ADMIN_USER_PASSWORD_AUTH",
        AuthParameters={"USERNAME": "ann", "PASSWORD": "Secret-123"},
    )["AuthenticationResult"]["AccessToken"]
    issuer = f"https://cognito-idp.{shop.cloud.region}.amazonaws.com/{pool}"
    _private(shop, rule, "/pool", Issuer=issuer, JwksEndpoint=f"{issuer}/.well-known/jwks.json")

    assert _status(shop, "/pool", token) == 200
    assert _status(shop, "/pool", _token({"iss": issuer, "exp": time.time() + 60})) == 401


def test_an_issuer_of_this_clouds_zones_is_asked_over_verified_tls(
    shop: Shop, rule: Callable[..., str]
) -> None:
    """Its name resolves here and its certificate is this cloud's; another's is not trusted."""
    body = json.dumps({"keys": [_jwk()]})
    document = {"StatusCode": "200", "ContentType": "application/json", "MessageBody": body}
    rule("/jwks", {"Type": "fixed-response", "FixedResponseConfig": document})
    _private(shop, rule, "/mine", Issuer="me", JwksEndpoint=f"https://{GREEN}/jwks")
    outside = next(iter(shop.elb.describe_load_balancers()["LoadBalancers"]))["DNSName"]
    _private(shop, rule, "/other", Issuer="me", JwksEndpoint=f"https://{outside}/jwks")
    token = _token({"iss": "me", "exp": time.time() + 60})

    assert _status(shop, "/mine", token) == 200
    assert _status(shop, "/other", token) == 500


def test_a_token_whose_issuer_is_elsewhere_cannot_be_verified(
    shop: Shop, rule: Callable[..., str]
) -> None:
    """The request goes no further and nothing leaves the machine."""
    config = {"JwksEndpoint": "https://issuer.example.net/jwks", "Issuer": "me"}
    forward = {"Type": "forward", "TargetGroupArn": shop.id_of("GreenGroup"), "Order": 2}
    rule("/far", {"Type": "jwt-validation", "JwtValidationConfig": config, "Order": 1}, forward)
    token = _token({"iss": "me", "exp": time.time() + 60})

    answer = shop.ask("/far", host=GREEN, headers={"Authorization": f"Bearer {token}"})

    assert answer.status == 500


def _acl(shop: Shop, *rules: Mapping[str, Any]) -> str:
    arn: str = shop.session.client("wafv2").create_web_acl(
        Name=f"acl-{uuid.uuid4().hex[:8]}",
        Scope="REGIONAL",
        DefaultAction={"Allow": {}},
        Rules=list(rules),
        VisibilityConfig=VISIBILITY,
    )["Summary"]["ARN"]
    return arn


def test_a_rate_rule_blocks_the_address_that_exceeds_it(shop: Shop) -> None:
    """Ten requests pass, the next is 403; another address is not affected."""
    waf, balancer = shop.session.client("wafv2"), shop.id_of("GreenBalancer")
    waf.associate_web_acl(WebACLArn=_acl(shop, RATE), ResourceArn=balancer)
    try:
        statuses = [call(shop.cloud, GREEN, Sent(), source="127.0.0.77").status for _ in range(12)]
        assert statuses == [200] * 10 + [403] * 2
        assert call(shop.cloud, GREEN, Sent(), source="127.0.0.78").status == 200
    finally:
        waf.disassociate_web_acl(ResourceArn=balancer)
    assert call(shop.cloud, GREEN, Sent(), source="127.0.0.77").status == 200


def test_an_acl_that_is_not_enforced_whole_is_refused(shop: Shop) -> None:
    """By the name of the rule and of its statement."""
    managed = {
        "Name": "common",
        "Priority": 1,
        "OverrideAction": {"None": {}},
        "Statement": {"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "Common"}},
        "VisibilityConfig": VISIBILITY,
    }

    with pytest.raises(botocore.exceptions.ClientError, match=r"'common'.*ManagedRuleGroup"):
        shop.session.client("wafv2").associate_web_acl(
            WebACLArn=_acl(shop, RATE, managed), ResourceArn=shop.id_of("GreenBalancer")
        )
