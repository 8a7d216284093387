"""A stack with two tracks behind one host, as a DNS canary has them, and its clients."""

import json
from collections.abc import Mapping
from typing import Any

from emulator.server import EmbeddedCloud
from tests.front_door import Answer, Sent, call
from tests.polling import until

HOST = "api.shop.example.com"
GREEN = f"green.{HOST}"
_BALANCING = "ElasticLoadBalancingV2"
CODE = """
import json
def handle(event, context):
    if event['path'] == '/ready':
        return {'statusCode': 200}
    if event['path'] == '/fail':
        raise ValueError('secret')
    if event['path'] == '/big':
        return {'statusCode': 200, 'body': 'x' * (1 << 20)}
    return {'statusCode': 200, 'headers': {'content-type': 'application/json'},
            'body': json.dumps({'track': 'TRACK', 'event': event})}
"""


def _ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def _resource(kind: str, properties: Mapping[str, Any], *after: str) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties, "DependsOn": list(after)}


def _track(track: str, weight: int) -> dict[str, Any]:
    """One track: function, target group, load balancer, HTTPS listener, inner and outer record."""
    return {**_target(track), **_balancer(track), **_records(track, weight)}


def _target(track: str) -> dict[str, Any]:
    return {
        f"{track}Function": _resource(
            "Lambda::Function",
            {
                "Runtime": "python3.12",
                "Handler": "index.handle",
                "Role": _att("Role", "Arn"),
                "Code": {"ZipFile": CODE.replace("TRACK", track)},
            },
        ),
        f"{track}Permission": _resource(
            "Lambda::Permission",
            {
                "FunctionName": _att(f"{track}Function", "Arn"),
                "Action": "lambda:InvokeFunction",
                "Principal": "elasticloadbalancing.amazonaws.com",
            },
        ),
        f"{track}Group": _resource(
            f"{_BALANCING}::TargetGroup",
            {
                "TargetType": "lambda",
                "Targets": [{"Id": _att(f"{track}Function", "Arn")}],
                "HealthCheckEnabled": True,
                "HealthCheckPath": "/ready",
                "HealthCheckIntervalSeconds": 10,
                "HealthCheckTimeoutSeconds": 5,
                "HealthyThresholdCount": 2,
            },
            f"{track}Permission",
        ),
    }


def _balancer(track: str) -> dict[str, Any]:
    secure = {"Protocol": "HTTPS", "Port": "443", "StatusCode": "HTTP_301"}
    return {
        f"{track}Balancer": _resource(
            f"{_BALANCING}::LoadBalancer", {"Subnets": ["subnet-1", "subnet-2"]}
        ),
        f"{track}Https": _listener(
            track,
            (443, "HTTPS"),
            {"Type": "forward", "TargetGroupArn": _ref(f"{track}Group")},
            Certificates=[{"CertificateArn": _ref("Certificate")}],
        ),
        f"{track}Http": _listener(
            track, (80, "HTTP"), {"Type": "redirect", "RedirectConfig": secure}
        ),
    }


def _listener(
    track: str, where: tuple[int, str], action: Mapping[str, Any], **more: Any
) -> dict[str, Any]:
    port, protocol = where
    properties = {
        "LoadBalancerArn": _ref(f"{track}Balancer"),
        "Port": port,
        "Protocol": protocol,
        "DefaultActions": [action],
        **more,
    }
    return _resource(f"{_BALANCING}::Listener", properties)


def _records(track: str, weight: int) -> dict[str, Any]:
    inner, balancer = f"{track.lower()}.{HOST}", f"{track}Balancer"
    name = {"Fn::Join": ["", ["dualstack.", _att(balancer, "DNSName")]]}
    drawn = {"Name": HOST, "SetIdentifier": track, "Weight": weight}
    return {
        f"{track}Inner": _alias({"Name": inner}, _att(balancer, "CanonicalHostedZoneID"), name),
        f"{track}Outer": _alias(drawn, _ref("Zone"), inner, f"{track}Inner"),
    }


def _alias(record: Mapping[str, Any], zone: Any, name: Any, *after: str) -> dict[str, Any]:
    properties = {
        "HostedZoneId": _ref("Zone"),
        "Type": "A",
        "AliasTarget": {"HostedZoneId": zone, "DNSName": name, "EvaluateTargetHealth": True},
        **record,
    }
    return _resource("Route53::RecordSet", properties, *after)


def template() -> dict[str, Any]:
    """The stack's template; blue has all the weight."""
    trust = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}}
    names = [HOST, f"*.{HOST}"]
    validation = [{"DomainName": name, "HostedZoneId": _ref("Zone")} for name in names]
    return {
        "Resources": {
            "Role": _resource(
                "IAM::Role",
                {
                    "AssumeRolePolicyDocument": {
                        "Version": "2012-10-17",
                        "Statement": [{**trust, "Action": "sts:AssumeRole"}],
                    }
                },
            ),
            "Zone": _resource("Route53::HostedZone", {"Name": "shop.example.com"}),
            "Certificate": _resource(
                "CertificateManager::Certificate",
                {
                    "DomainName": HOST,
                    "SubjectAlternativeNames": names[1:],
                    "ValidationMethod": "DNS",
                    "DomainValidationOptions": validation,
                },
            ),
            **_track("Blue", 255),
            **_track("Green", 0),
        }
    }


class Shop:
    """The stack with both tracks, and clients of its cloud."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        self.cloud = cloud
        self.session = cloud.session()
        self.elb: Any = self.session.client("elbv2")
        self.stacks: Any = self.session.client("cloudformation")
        self.deploy(template())

    def deploy(self, wanted: Mapping[str, Any]) -> None:
        """The stack is as the template says."""
        request = {
            "StackName": "shop",
            "TemplateBody": json.dumps(wanted),
            "Capabilities": ["CAPABILITY_IAM"],
        }
        try:
            self.stacks.create_stack(**request)
        except self.stacks.exceptions.AlreadyExistsException:
            self.stacks.update_stack(**request)
        until(lambda: not self._status().endswith("_IN_PROGRESS"), seconds=60, what="a stack")
        events = self.stacks.describe_stack_events(StackName="shop")["StackEvents"]
        failed = [e for e in events if e["ResourceStatus"].endswith("FAILED")]
        assert "ROLLBACK" not in self._status(), failed

    def id_of(self, logical_id: str) -> str:
        """The physical id of a resource."""
        found = self.stacks.describe_stack_resource(StackName="shop", LogicalResourceId=logical_id)
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def ask(self, path: str = "/", host: str = HOST, **sent: Any) -> Answer:
        """The answer over HTTPS."""
        return call(self.cloud, host, Sent(path=path, **sent))

    def health(self, track: str) -> str:
        """The state of the track's target."""
        arn = self.id_of(f"{track}Group")
        found = self.elb.describe_target_health(TargetGroupArn=arn)["TargetHealthDescriptions"]
        return str(found[0]["TargetHealth"]["State"])

    def await_health(self, track: str, state: str) -> None:
        """The track's target is in that state."""
        until(lambda: self.health(track) == state, seconds=30, what=f"{track} {state}")

    def _status(self) -> str:
        return str(self.stacks.describe_stacks(StackName="shop")["Stacks"][0]["StackStatus"])
