"""A stack with an auto-scaling group behind an internal load balancer, and what asks it."""

import base64
import json
import uuid
from collections.abc import Mapping
from typing import Any

from emulator.server import EmbeddedCloud
from tests.emulated_hosting import GOOD, IMAGE, PROGRAM, Hosting
from tests.polling import until

PORT = 8080
ASKING = """
import json, os, urllib.request
def handle(event, context):
    request = urllib.request.Request(os.environ["URL"] + "/invocations", b'{"a": 1}',
        {"Content-Type": "application/json", "x-slot": event["slot"]})
    with urllib.request.urlopen(request) as answer:
        return {"status": answer.status, "body": json.loads(answer.read())}
"""


def cloud_config(artifact: str, *, group: str, port: int = PORT) -> str:
    """User data that serves an artifact, in base64."""
    environment = "".join(f"{name}={value}\\n" for name, value in PROGRAM.items())
    unit = f"""[Unit]
Description=Serves a model

[Service]
ExecStartPre=-/usr/bin/docker rm --force model
ExecStartPre=/usr/bin/aws s3 cp {artifact} /var/lib/model/model.tar.gz --only-show-errors
ExecStartPre=/usr/bin/tar -xzf /var/lib/model/model.tar.gz -C /opt/ml/model
ExecStart=/usr/bin/docker run --rm --name=model --publish={port}:8080 --env-file=/etc/model.env \
--volume=/opt/ml/model:/opt/ml/model:ro --log-driver=awslogs --log-opt=awslogs-group={group} \
{IMAGE} serve
Restart=always
"""
    text = (
        "#cloud-config\n"
        + json.dumps(
            {
                "packages": ["docker"],
                "write_files": [
                    {"path": "/etc/systemd/system/model.service", "content": unit},
                    {
                        "path": "/etc/model.env",
                        "content": environment.replace("\\n", "\n"),
                    },
                ],
                "runcmd": [
                    ["systemctl", "enable", "--now", "docker"],
                    ["systemctl", "enable", "--now", "model.service"],
                ],
            }
        )
        + "\n"
    )
    return base64.b64encode(text.encode()).decode()


def _ref(name: str) -> dict[str, Any]:
    return {"Ref": name}


def _att(name: str, attribute: str) -> dict[str, Any]:
    return {"Fn::GetAtt": [name, attribute]}


def _resource(kind: str, properties: Mapping[str, Any], *after: str) -> dict[str, Any]:
    return {"Type": f"AWS::{kind}", "Properties": properties, "DependsOn": list(after)}


def _role(service: str, *statements: Mapping[str, Any]) -> dict[str, Any]:
    trust = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    policies = [{"PolicyName": "Work", "PolicyDocument": document}] if statements else []
    return _resource(
        "IAM::Role",
        {
            "AssumeRolePolicyDocument": {"Version": "2012-10-17", "Statement": [trust]},
            "Policies": policies,
        },
    )


def template(artifact: str, *, instances: int, name: str, reads: str) -> dict[str, Any]:
    """The stack's template; the instances' role may read what `reads` names."""
    return {
        "Resources": {
            **_launched(artifact, reads),
            **_balanced(),
            **_grouped(instances, name),
            **_asked(),
        }
    }


def _launched(artifact: str, reads: str) -> dict[str, Any]:
    """What an instance is."""
    return {
        "Network": _resource("EC2::VPC", {"CidrBlock": "10.0.0.0/16"}),
        "InstanceRole": _role(
            "ec2.amazonaws.com",
            {"Effect": "Allow", "Action": ["s3:GetObject"], "Resource": [reads]},
        ),
        "Profile": _resource("IAM::InstanceProfile", {"Roles": [_ref("InstanceRole")]}),
        "Launch": _resource(
            "EC2::LaunchTemplate",
            {
                "LaunchTemplateData": {
                    "ImageId": "{{resolve:ssm:/aws/service/deeplearning/ami/x86_64/"
                    "base-oss-nvidia-driver-gpu-amazon-linux-2023/latest/ami-id}}",
                    "InstanceType": "m5.large",
                    "IamInstanceProfile": {"Arn": _att("Profile", "Arn")},
                    "UserData": cloud_config(artifact, group="/shop/model"),
                }
            },
        ),
    }


def _balanced() -> dict[str, Any]:
    """The way to the instances: by a header, and by no other way."""
    forward = {"Type": "forward", "TargetGroupArn": _ref("Targets")}
    lost = {"StatusCode": "404", "ContentType": "text/plain", "MessageBody": "no slot"}
    return {
        "Targets": _resource(
            "ElasticLoadBalancingV2::TargetGroup",
            {
                "Protocol": "HTTP",
                "Port": PORT,
                "VpcId": _ref("Network"),
                "HealthCheckPath": "/ping",
                "HealthCheckIntervalSeconds": 10,
                "HealthyThresholdCount": 2,
                "TargetGroupAttributes": [
                    {"Key": "deregistration_delay.timeout_seconds", "Value": "20"}
                ],
            },
        ),
        "Balancer": _resource(
            "ElasticLoadBalancingV2::LoadBalancer",
            {"Scheme": "internal", "Subnets": ["subnet-1", "subnet-2"]},
        ),
        "Listener": _resource(
            "ElasticLoadBalancingV2::Listener",
            {
                "LoadBalancerArn": _ref("Balancer"),
                "Port": PORT,
                "Protocol": "HTTP",
                "DefaultActions": [{"Type": "fixed-response", "FixedResponseConfig": lost}],
            },
        ),
        "Rule": _resource(
            "ElasticLoadBalancingV2::ListenerRule",
            {
                "ListenerArn": _ref("Listener"),
                "Priority": 1,
                "Conditions": [
                    {
                        "Field": "http-header",
                        "HttpHeaderConfig": {"HttpHeaderName": "x-slot", "Values": ["blue"]},
                    }
                ],
                "Actions": [forward],
            },
        ),
    }


def _grouped(instances: int, name: str) -> dict[str, Any]:
    """So many of them."""
    return {
        "Group": _resource(
            "AutoScaling::AutoScalingGroup",
            {
                "AutoScalingGroupName": name,
                "MinSize": str(instances),
                "MaxSize": "4",
                "VPCZoneIdentifier": ["subnet-1", "subnet-2"],
                "LaunchTemplate": {
                    "LaunchTemplateId": _ref("Launch"),
                    "Version": _att("Launch", "LatestVersionNumber"),
                },
                "TargetGroupARNs": [_ref("Targets")],
                "HealthCheckType": "ELB",
                "HealthCheckGracePeriod": 600,
                "Tags": [{"Key": "shop", "Value": name, "PropagateAtLaunch": True}],
            },
            "Rule",
        ),
    }


def _asked() -> dict[str, Any]:
    """A function in their network, which asks them."""
    return {
        "AskRole": _role("lambda.amazonaws.com"),
        "Ask": _resource(
            "Lambda::Function",
            {
                "Runtime": "python3.12",
                "Handler": "index.handle",
                "Role": _att("AskRole", "Arn"),
                "Code": {"ZipFile": ASKING},
                "Timeout": 30,
                "VpcConfig": {"SubnetIds": ["subnet-1"], "SecurityGroupIds": ["sg-1"]},
                "Environment": {
                    "Variables": {
                        "URL": {"Fn::Sub": f"http://${{Balancer.DNSName}}:{PORT}"},
                    }
                },
            },
        ),
    }


class Depot:
    """The stack, and clients of its cloud."""

    def __init__(self, cloud: EmbeddedCloud) -> None:
        session = cloud.session()
        self.cloud = cloud
        self.hosting = Hosting(cloud, "")
        self.groups: Any = session.client("autoscaling")
        self.elb: Any = session.client("elbv2")
        self.functions: Any = session.client("lambda")
        self.stacks: Any = session.client("cloudformation")
        self.iam: Any = session.client("iam")
        self.stack = f"depot-{uuid.uuid4().hex[:8]}"
        self.name = f"{self.stack}-blue"
        self.artifact = self.hosting.artifact(GOOD)

    def deploy(self, **changes: Any) -> None:
        """The stack is there, as the template with these changes says."""
        given = {
            "artifact": self.artifact,
            "instances": 2,
            "name": self.name,
            "reads": f"arn:aws:s3:::{self.hosting.bucket}/*",
            **changes,
        }
        artifact = given.pop("artifact")
        request = {
            "StackName": self.stack,
            "TemplateBody": json.dumps(template(artifact, **given)),
            "Capabilities": ["CAPABILITY_IAM"],
        }
        try:
            self.stacks.create_stack(**request)
        except self.stacks.exceptions.AlreadyExistsException:
            self.stacks.update_stack(**request)
        until(lambda: not self._status().endswith("_IN_PROGRESS"), seconds=60, what="a stack")
        events = self.stacks.describe_stack_events(StackName=self.stack)["StackEvents"]
        failed = [
            (e["LogicalResourceId"], e.get("ResourceStatusReason"))
            for e in events
            if e["ResourceStatus"].endswith("FAILED")
        ]
        assert "ROLLBACK" not in self._status(), failed

    def destroy(self) -> None:
        """The stack is gone."""
        self.stacks.delete_stack(StackName=self.stack)
        until(lambda: self._status() == "gone", seconds=60, what="the end of a stack")

    def id_of(self, logical_id: str) -> str:
        """The physical id of a resource."""
        found = self.stacks.describe_stack_resource(
            StackName=self.stack, LogicalResourceId=logical_id
        )
        return str(found["StackResourceDetail"]["PhysicalResourceId"])

    def group(self) -> Any:
        """The group as it is described."""
        found = self.groups.describe_auto_scaling_groups(AutoScalingGroupNames=[self.name])
        return found["AutoScalingGroups"][0]

    def healthy(self) -> list[str]:
        """The instances that pass their health checks."""
        found = self.elb.describe_target_health(TargetGroupArn=self.id_of("Targets"))
        return sorted(
            one["Target"]["Id"]
            for one in found["TargetHealthDescriptions"]
            if one["TargetHealth"]["State"] == "healthy"
        )

    def await_healthy(self, count: int) -> list[str]:
        """So many instances pass their health checks, and all others are gone."""

        def settled() -> list[str] | None:
            healthy = self.healthy()
            ids = sorted(one["InstanceId"] for one in self.group()["Instances"])
            return healthy if len(healthy) == count and healthy == ids else None

        return until(settled, seconds=60, what=f"{count} healthy instances")

    def ask(self, slot: str = "blue") -> Any:
        """What the function in the network is answered."""
        answer = self.functions.invoke(
            FunctionName=self.id_of("Ask"), Payload=json.dumps({"slot": slot}).encode()
        )
        return json.loads(answer["Payload"].read())

    def _status(self) -> str:
        try:
            stack = self.stacks.describe_stacks(StackName=self.stack)["Stacks"][0]
        except self.stacks.exceptions.ClientError:
            return "gone"
        status = str(stack["StackStatus"])
        return "gone" if status == "DELETE_COMPLETE" else status
