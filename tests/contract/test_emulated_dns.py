"""Route 53 of the embedded cloud, by boto3 and by a DNS client."""

import asyncio
import json
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import botocore.exceptions
import dns.flags
import dns.message
import dns.query
import dns.rcode
import pytest

from emulator.runtime import Credentials
from emulator.server import EmbeddedCloud
from tests.front_door import addresses, ask_dns
from tests.polling import until

Change = Callable[..., str]


def _a(name: str, value: str, **more: Any) -> dict[str, Any]:
    return {"Name": name, "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": value}], **more}


class Zone:
    """A hosted zone of one test."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self.client = cloud.session().client("route53")
        self.name = f"z{uuid.uuid4().hex[:8]}.example.com"
        made = self.client.create_hosted_zone(Name=self.name, CallerReference=self.name)
        self.id = made["HostedZone"]["Id"].removeprefix("/hostedzone/")

    def change(self, *record_sets: dict[str, Any], action: str = "UPSERT") -> str:
        """The record sets are submitted; the id of the change."""
        changes = [{"Action": action, "ResourceRecordSet": r} for r in record_sets]
        answer = self.client.change_resource_record_sets(
            HostedZoneId=self.id, ChangeBatch={"Changes": changes}
        )
        return str(answer["ChangeInfo"]["Id"])

    def settle(self, *record_sets: dict[str, Any], action: str = "UPSERT") -> None:
        """The record sets are served."""
        change = self.change(*record_sets, action=action)
        until(lambda: self.status(change) == "INSYNC", seconds=10, what="INSYNC")

    def status(self, change: str) -> str:
        """PENDING or INSYNC."""
        return str(self.client.get_change(Id=change)["ChangeInfo"]["Status"])

    def asks(self, label: str) -> list[str]:
        """The addresses of a name in the zone."""
        return addresses(self.cloud, f"{label}.{self.name}")

    def weighted(self, value: str, weight: int, **more: Any) -> dict[str, Any]:
        """A weighted address of `api`."""
        return _a(f"api.{self.name}", value, SetIdentifier=value, Weight=weight, **more)


@pytest.fixture
def zone(ground_cloud: EmbeddedCloud) -> Zone:
    """A zone of this test's own, settled."""
    made = Zone(ground_cloud)
    made.settle(_a(f"www.{made.name}", "127.0.0.2"))
    return made


def test_a_change_is_pending_and_not_served_until_it_is_insync(zone: Zone) -> None:
    """The old answer stands until then."""
    change = zone.change(_a(f"www.{zone.name}", "127.0.0.3"))

    assert (zone.status(change), zone.asks("www")) == ("PENDING", ["127.0.0.2"])
    until(lambda: zone.status(change) == "INSYNC", seconds=10, what="INSYNC")
    assert zone.asks("www") == ["127.0.0.3"]


def test_the_answer_of_the_whole_zone(zone: Zone) -> None:
    """Authoritative, any case, NS and SOA at the apex, NXDOMAIN and NODATA told apart."""
    answer = ask_dns(zone.cloud, f"WWW.{zone.name.upper()}")
    assert answer.flags & dns.flags.AA
    assert answer.answer[0].ttl == 60
    assert len(ask_dns(zone.cloud, zone.name, "NS").answer[0]) == 4
    assert len(ask_dns(zone.cloud, zone.name, "SOA").answer[0]) == 1
    assert ask_dns(zone.cloud, f"no.{zone.name}").rcode() == dns.rcode.NXDOMAIN
    nothing = ask_dns(zone.cloud, f"www.{zone.name}", "TXT")
    assert (nothing.rcode(), len(nothing.answer)) == (dns.rcode.NOERROR, 0)
    assert ask_dns(zone.cloud, "example.net").rcode() == dns.rcode.REFUSED


def test_dns_answers_over_tcp_too(zone: Zone) -> None:
    """On the same port."""
    query = dns.message.make_query(f"www.{zone.name}", "A")

    answer = dns.query.tcp(query, "127.0.0.1", port=zone.cloud.dns_port, timeout=10)

    assert answer.answer[0][0].to_text() == "127.0.0.2"


def test_weights_move_answers_and_read_back(zone: Zone) -> None:
    """Weight 0 gets no answer; moved, it gets all; the API shows 0 as 0."""
    zone.settle(zone.weighted("127.0.0.5", 255), zone.weighted("127.0.0.6", 0))
    assert {zone.asks("api")[0] for _ in range(30)} == {"127.0.0.5"}

    zone.settle(zone.weighted("127.0.0.5", 0), zone.weighted("127.0.0.6", 255))
    assert {zone.asks("api")[0] for _ in range(30)} == {"127.0.0.6"}

    listed = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert {r["SetIdentifier"]: r["Weight"] for r in listed if "Weight" in r} == {
        "127.0.0.5": 0,
        "127.0.0.6": 255,
    }


def test_a_batch_with_a_fault_changes_nothing(zone: Zone) -> None:
    """All or nothing; the refusal names the fault."""
    with pytest.raises(botocore.exceptions.ClientError, match="not permitted in zone") as refused:
        zone.change(_a(f"new.{zone.name}", "127.0.0.9"), _a("a.example.net", "127.0.0.9"))

    assert refused.value.response["Error"]["Code"] == "InvalidChangeBatch"
    listed = zone.client.list_resource_record_sets(HostedZoneId=zone.id)["ResourceRecordSets"]
    assert f"new.{zone.name}." not in [r["Name"] for r in listed]


def test_routing_that_is_not_emulated_is_refused_by_name(zone: Zone) -> None:
    """No record set is kept that would be answered wrongly."""
    record = _a(f"geo.{zone.name}", "127.0.0.9", SetIdentifier="x", Region="eu-west-1")

    with pytest.raises(botocore.exceptions.ClientError, match="does not emulate latency routing"):
        zone.change(record)


def test_test_dns_answer_says_what_dns_says(zone: Zone) -> None:
    """By the API, for those without a resolver at hand."""
    answer = zone.client.test_dns_answer(
        HostedZoneId=zone.id, RecordName=f"www.{zone.name}", RecordType="A"
    )

    assert (answer["ResponseCode"], answer["RecordData"]) == ("NOERROR", ["127.0.0.2"])


def test_a_deleted_zone_is_no_longer_answered(zone: Zone) -> None:
    """Once its deletion has propagated."""
    zone.settle(_a(f"www.{zone.name}", "127.0.0.2"), action="DELETE")
    zone.client.delete_hosted_zone(Id=zone.id)

    until(
        lambda: ask_dns(zone.cloud, zone.name).rcode() == dns.rcode.REFUSED,
        seconds=10,
        what="REFUSED",
    )


@pytest.fixture
def endpoint() -> Iterator[int]:
    """A port on which something accepts connections until the test closes it."""
    loop, ready = asyncio.new_event_loop(), threading.Event()
    ports: list[int] = []

    async def accept() -> None:
        async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            writer.close()

        server = await asyncio.start_server(greet, "127.0.0.1", 0)
        ports.append(server.sockets[0].getsockname()[1])
        ready.set()

    def run() -> None:
        loop.create_task(accept())
        loop.run_forever()

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait(10)
    yield ports[0]
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


def test_a_failing_health_check_takes_its_record_out_of_the_answers(
    zone: Zone, endpoint: int
) -> None:
    """The record with nothing behind it goes, the one with a living endpoint stays."""
    checks = {}
    for value, port in (("127.0.0.5", 1), ("127.0.0.6", endpoint)):
        config = {"Type": "TCP", "IPAddress": "127.0.0.1", "Port": port, "RequestInterval": 10}
        made = zone.client.create_health_check(
            CallerReference=uuid.uuid4().hex, HealthCheckConfig={**config, "FailureThreshold": 1}
        )
        checks[value] = made["HealthCheck"]["Id"]
    weighted = [zone.weighted(v, w) for v, w in (("127.0.0.5", 250), ("127.0.0.6", 5))]
    zone.settle(*({**r, "HealthCheckId": checks[r["SetIdentifier"]]} for r in weighted))

    def failed() -> bool:
        status = zone.client.get_health_check_status(HealthCheckId=checks["127.0.0.5"])
        report = status["HealthCheckObservations"][0]["StatusReport"]["Status"]
        return bool(report.startswith("Failure"))

    until(failed, seconds=10, what="a failed check")
    assert {zone.asks("api")[0] for _ in range(20)} == {"127.0.0.6"}


def test_a_check_of_another_machine_is_refused(ground_cloud: EmbeddedCloud) -> None:
    """Nothing here leaves loopback."""
    client = ground_cloud.session().client("route53")
    config = {"Type": "HTTP", "IPAddress": "93.184.216.34"}

    with pytest.raises(botocore.exceptions.ClientError, match="must be a loopback one"):
        client.create_health_check(CallerReference="far", HealthCheckConfig=config)


def _user(cloud: EmbeddedCloud, *statements: dict[str, Any]) -> Any:
    iam, name = cloud.session().client("iam"), f"user-{uuid.uuid4().hex[:8]}"
    iam.create_user(UserName=name)
    document = {
        "Version": "2012-10-17",
        "Statement": [{"Effect": "Allow", **s} for s in statements],
    }
    iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=json.dumps(document))
    key = iam.create_access_key(UserName=name)["AccessKey"]
    credentials = Credentials(access_key=key["AccessKeyId"], secret_key=key["SecretAccessKey"])
    return credentials.session(endpoint_url=cloud.endpoint_url, region=cloud.region)


@pytest.mark.parametrize(("label", "allowed"), [("www", True), ("api", False)])
def test_permission_can_be_bound_to_zone_and_record_name(
    *, zone: Zone, label: str, allowed: bool
) -> None:
    """By resource and by the condition key of normalized names; a denial is AccessDenied."""
    condition = {
        "ForAllValues:StringEquals": {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [f"www.{zone.name}"]
        }
    }
    user = _user(
        zone.cloud,
        {
            "Action": "route53:ChangeResourceRecordSets",
            "Resource": f"arn:aws:route53:::hostedzone/{zone.id}",
            "Condition": condition,
        },
        {"Action": "route53:GetChange", "Resource": "arn:aws:route53:::change/*"},
    ).client("route53")
    record = {"Action": "UPSERT", "ResourceRecordSet": _a(f"{label}.{zone.name}", "127.0.0.4")}
    batch = {"Changes": [record]}

    if allowed:
        made = user.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch=batch)
        assert user.get_change(Id=made["ChangeInfo"]["Id"])["ChangeInfo"]["Status"]
        return
    with pytest.raises(botocore.exceptions.ClientError) as denied:
        user.change_resource_record_sets(HostedZoneId=zone.id, ChangeBatch=batch)
    assert denied.value.response["Error"]["Code"] == "AccessDenied"
