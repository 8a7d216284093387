"""Load balancers of the embedded cloud: two tracks behind one host, over DNS and HTTPS."""

import base64
import http.client
import json
import socket
import ssl
import uuid
from collections.abc import Callable
from pathlib import Path
from typing import Any

import botocore.exceptions
import pytest

from emulator.server import EmbeddedCloud, Settings
from tests.emulated_tracks import GREEN, HOST, Shop, template
from tests.front_door import Sent, addresses, call, call_plainly


def test_one_host_leads_over_dns_and_https_to_the_weighted_track(shop: Shop) -> None:
    """The address is the inner record's, the certificate verifies, the function answers."""
    assert addresses(shop.cloud, HOST) == addresses(shop.cloud, f"blue.{HOST}")
    assert addresses(shop.cloud, HOST) != addresses(shop.cloud, GREEN)

    answer = shop.ask("/predict?a=1&a=2%203", method="POST", body=b"{}")

    said = json.loads(answer.body)
    assert (answer.status, said["track"]) == (200, "Blue")
    assert answer.headers["server"] == "awselb/2.0"
    assert said["event"]["queryStringParameters"] == {"a": "2%203"}
    assert said["event"]["headers"]["x-forwarded-port"] == "443"
    assert said["event"]["requestContext"] == {"elb": {"targetGroupArn": shop.id_of("BlueGroup")}}


def test_both_tracks_answer_for_the_shared_host_and_for_their_own(shop: Shop) -> None:
    """One certificate; the address decides, not the name."""
    green = addresses(shop.cloud, GREEN)[0]

    assert json.loads(shop.ask(host=GREEN).body)["track"] == "Green"
    shared = call(shop.cloud, HOST, Sent(), address=green)
    assert json.loads(shared.body)["track"] == "Green"


def test_clients_that_do_not_trust_the_authority_refuse_it(shop: Shop) -> None:
    """The certificates are good for nothing outside this cloud's clients."""
    where = (addresses(shop.cloud, HOST)[0], shop.cloud.local_port(443))

    with (
        socket.create_connection(where, 10) as plain,
        pytest.raises(ssl.SSLCertVerificationError),
    ):
        ssl.create_default_context().wrap_socket(plain, server_hostname=HOST)


def test_http_is_redirected(shop: Shop) -> None:
    """To the template's port, with host, path and query."""
    answer = call_plainly(shop.cloud, HOST, Sent(path="/a?b=c"))

    assert (answer.status, answer.headers["location"]) == (301, f"https://{HOST}:443/a?b=c")


def test_limits_and_failures_have_the_documented_status(shop: Shop) -> None:
    """413 for a body over 1 MB, 502 for a function that fails or says too much."""
    assert shop.ask("/ready", method="POST", body=b"x" * (1 << 20)).status == 200
    assert shop.ask(method="POST", body=b"x" * ((1 << 20) + 1)).status == 413
    assert shop.ask("/big").status == 502
    failed = shop.ask("/fail")
    assert failed.status == 502
    assert b"secret" not in failed.body


def test_binary_goes_both_ways_and_headers_may_repeat(shop: Shop) -> None:
    """A body of no text type is base64 in the event."""
    sent = Sent(method="POST", body=b"\x00\xff", headers={"content-type": "application/x-npy"})

    event = json.loads(call(shop.cloud, HOST, sent).body)["event"]

    assert (event["isBase64Encoded"], base64.b64decode(event["body"])) == (True, b"\x00\xff")


def test_multi_value_headers_can_be_switched_on(shop: Shop) -> None:
    """The event and the response change their members at the next request."""
    arn = shop.id_of("GreenGroup")

    def switch(value: str) -> None:
        attribute = {"Key": "lambda.multi_value_headers.enabled", "Value": value}
        shop.elb.modify_target_group_attributes(TargetGroupArn=arn, Attributes=[attribute])

    switch("true")
    try:
        event = json.loads(shop.ask("/?a=1&a=2", host=GREEN).body)["event"]
        assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"]}
        assert event["multiValueHeaders"]["host"] == [GREEN]
    finally:
        switch("false")


def test_rules_answer_before_the_default(shop: Shop, rule: Callable[..., str]) -> None:
    """A fixed response from the next request on."""
    config = {"StatusCode": "503", "ContentType": "text/plain", "MessageBody": "<closed>"}
    rule("/closed*", {"Type": "fixed-response", "FixedResponseConfig": config})

    answer = shop.ask("/closed/today", host=GREEN)

    assert (answer.status, answer.body) == (503, b"<closed>")
    assert shop.ask(host=GREEN).status == 200


def test_a_function_must_permit_the_load_balancer(shop: Shop) -> None:
    """Without permission it cannot be registered; taken away later, requests are 502."""
    client = shop.session.client("lambda")
    function = shop.id_of("GreenFunction")
    group = shop.elb.create_target_group(Name=f"g-{uuid.uuid4().hex[:8]}", TargetType="lambda")
    arn = group["TargetGroups"][0]["TargetGroupArn"]
    policy = json.loads(client.get_policy(FunctionName=function)["Policy"])
    statement = policy["Statement"][0]["Sid"]
    client.remove_permission(FunctionName=function, StatementId=statement)
    try:
        targets = [
            {"Id": client.get_function(FunctionName=function)["Configuration"]["FunctionArn"]}
        ]
        with pytest.raises(botocore.exceptions.ClientError, match="does not have permission"):
            shop.elb.register_targets(TargetGroupArn=arn, Targets=targets)
        assert shop.ask(host=GREEN).status == 502
    finally:
        client.add_permission(
            FunctionName=function,
            StatementId=statement,
            Action="lambda:InvokeFunction",
            Principal="elasticloadbalancing.amazonaws.com",
        )
    shop.elb.register_targets(TargetGroupArn=arn, Targets=targets)
    shop.elb.delete_target_group(TargetGroupArn=arn)
    assert shop.ask(host=GREEN).status == 200


def test_a_track_that_dies_is_taken_out_of_the_answers(shop: Shop) -> None:
    """Blue has all the weight; while its function fails, green of weight 0 answers."""
    client, function = shop.session.client("lambda"), shop.id_of("BlueFunction")
    blue, green = addresses(shop.cloud, f"blue.{HOST}"), addresses(shop.cloud, GREEN)
    assert addresses(shop.cloud, HOST) == blue

    client.update_function_configuration(FunctionName=function, Handler="index.nothing")
    shop.await_health("Blue", "unhealthy")
    assert addresses(shop.cloud, HOST) == green
    assert json.loads(shop.ask().body)["track"] == "Green"

    client.update_function_configuration(FunctionName=function, Handler="index.handle")
    shop.await_health("Blue", "healthy")
    assert addresses(shop.cloud, HOST) == blue


def test_a_template_moves_only_what_it_changes(shop: Shop) -> None:
    """New response headers and health checks in place: same ARN, same address."""
    before = (shop.id_of("GreenBalancer"), shop.id_of("GreenHttps"), addresses(shop.cloud, GREEN))
    wanted = template()
    listener = wanted["Resources"]["GreenHttps"]["Properties"]
    listener["ListenerAttributes"] = [
        {
            "Key": "routing.http.response.strict_transport_security.header_value",
            "Value": "max-age=9",
        }
    ]
    wanted["Resources"]["GreenGroup"]["Properties"]["HealthCheckIntervalSeconds"] = 20

    shop.deploy(wanted)

    after = (shop.id_of("GreenBalancer"), shop.id_of("GreenHttps"), addresses(shop.cloud, GREEN))
    assert after == before
    assert shop.ask(host=GREEN).headers["strict-transport-security"] == "max-age=9"
    groups = shop.elb.describe_target_groups(TargetGroupArns=[shop.id_of("GreenGroup")])
    assert groups["TargetGroups"][0]["HealthCheckIntervalSeconds"] == 20


def test_a_certificate_in_use_is_kept(shop: Shop) -> None:
    """It says which load balancers serve it, and cannot be deleted."""
    acm, arn = shop.session.client("acm"), shop.id_of("Certificate")

    used_by = acm.describe_certificate(CertificateArn=arn)["Certificate"]["InUseBy"]
    assert used_by == sorted([shop.id_of("BlueBalancer"), shop.id_of("GreenBalancer")])
    with pytest.raises(acm.exceptions.ResourceInUseException):
        acm.delete_certificate(CertificateArn=arn)


@pytest.mark.parametrize(
    ("request_", "said"),
    [
        ({"Name": "n", "Subnets": ["a", "b"], "Type": "network"}, "type 'network'"),
        ({"Name": "n", "Subnets": ["a", "b"], "IpAddressType": "dualstack"}, "dualstack"),
        ({"Name": "n", "Subnets": ["a"]}, "At least two subnets"),
        ({"Name": "n" * 33, "Subnets": ["a", "b"]}, "up to 32"),
    ],
)
def test_load_balancers_that_are_not_emulated_are_refused(
    shop: Shop, request_: dict[str, Any], said: str
) -> None:
    """By name, before anything is made."""
    with pytest.raises(botocore.exceptions.ClientError, match=said):
        shop.elb.create_load_balancer(**request_)


def test_a_port_is_open_from_the_creation_of_its_listener_to_its_deletion(shop: Shop) -> None:
    """On the load balancer's own address."""
    made = shop.elb.create_load_balancer(Name="brief", Subnets=["a", "b"])["LoadBalancers"][0]
    action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "200"}}
    listener = shop.elb.create_listener(
        LoadBalancerArn=made["LoadBalancerArn"], Protocol="HTTP", Port=8088, DefaultActions=[action]
    )["Listeners"][0]["ListenerArn"]
    name = made["DNSName"]
    where = (addresses(shop.cloud, name)[0], 8088)

    assert call_plainly(shop.cloud, name, Sent(), port=8088).status == 200
    shop.elb.delete_listener(ListenerArn=listener)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(where, 5)
    shop.elb.delete_load_balancer(LoadBalancerArn=made["LoadBalancerArn"])
    assert addresses(shop.cloud, name) == []


def test_a_connection_may_be_used_for_thousands_of_requests(
    shop: Shop, rule: Callable[..., str]
) -> None:
    """No request is lost to a server that counts them and hangs up."""
    rule("/fast", {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}})
    trusting = ssl.create_default_context(cafile=shop.cloud.certificate_authority)
    port = shop.cloud.local_port(443)
    plain = socket.create_connection((addresses(shop.cloud, GREEN)[0], port), 10)
    connection = http.client.HTTPSConnection(GREEN, port, context=trusting)
    connection.sock = trusting.wrap_socket(plain, server_hostname=GREEN)
    connection.auto_open = 0

    def status() -> int:
        connection.request("GET", "/fast")
        answer = connection.getresponse()
        answer.read()
        return answer.status

    try:
        assert {status() for _ in range(1200)} == {204}
    finally:
        connection.close()


def test_a_denied_caller_is_told_so_in_the_services_own_words(shop: Shop) -> None:
    """AccessDenied, as botocore reads it from the Query protocol."""
    iam = shop.session.client("iam")
    iam.create_user(UserName="nobody")
    key = iam.create_access_key(UserName="nobody")["AccessKey"]
    client = shop.session.client(
        "elbv2", aws_access_key_id=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"]
    )

    with pytest.raises(botocore.exceptions.ClientError) as denied:
        client.delete_load_balancer(LoadBalancerArn=shop.id_of("GreenBalancer"))

    assert denied.value.response["Error"]["Code"] == "AccessDenied"


def test_listeners_and_dns_end_with_the_cloud(tmp_path: Path) -> None:
    """Nothing listens any more once the cloud has stopped."""
    cloud = EmbeddedCloud.start(Settings(state_directory=tmp_path))
    try:
        elb = cloud.session().client("elbv2")
        made = elb.create_load_balancer(Name="last", Subnets=["a", "b"])["LoadBalancers"][0]
        action = {"Type": "fixed-response", "FixedResponseConfig": {"StatusCode": "204"}}
        elb.create_listener(
            LoadBalancerArn=made["LoadBalancerArn"],
            Protocol="HTTP",
            Port=8088,
            DefaultActions=[action],
        )
        where = (addresses(cloud, made["DNSName"])[0], 8088)
        socket.create_connection(where, 5).close()
    finally:
        cloud.stop()
    for place in (where, ("127.0.0.1", cloud.dns_port)):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(place, 5)
