"""A small CDK app of two stacks, deployed to the embedded cloud by the real CDK command line.

It holds one resource of each way of being provisioned: ministack's own, a custom resource, assets,
and types that are recorded only. `-c greeting=...` changes it.
"""

from pathlib import Path

import aws_cdk as cdk
from aws_cdk import aws_applicationautoscaling as scaling
from aws_cdk import aws_codeguruprofiler as profiler
from aws_cdk import aws_dynamodb as dynamodb
from aws_cdk import aws_lambda as functions
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as assets
from aws_cdk import aws_stepfunctions as states
from aws_cdk import aws_stepfunctions_tasks as tasks
from constructs import Construct

CODE = Path(__file__).parent / "work"


class DataStack(cdk.Stack):
    """What is kept: a table, a bucket and an asset."""

    def __init__(self, scope: Construct, name: str) -> None:
        super().__init__(scope, name)
        self.table = dynamodb.Table(
            self,
            "Table",
            partition_key=dynamodb.Attribute(name="id", type=dynamodb.AttributeType.STRING),
            billing_mode=dynamodb.BillingMode.PAY_PER_REQUEST,
            removal_policy=cdk.RemovalPolicy.DESTROY,
        )
        s3.Bucket(self, "Bucket", enforce_ssl=True, removal_policy=cdk.RemovalPolicy.DESTROY)
        self.asset = assets.Asset(self, "Asset", path=str(CODE))
        cdk.CfnOutput(self, "AssetUrl", value=self.asset.s3_object_url)


class WorkStack(cdk.Stack):
    """What runs: functions, a custom resource, a state machine, and what is only recorded."""

    def __init__(self, scope: Construct, name: str, *, data: DataStack, greeting: str) -> None:
        super().__init__(scope, name)
        worker = functions.Function(
            self,
            "Worker",
            runtime=functions.Runtime.PYTHON_3_13,
            handler="worker.handle",
            code=functions.Code.from_asset(str(CODE)),
            environment={"TABLE": data.table.table_name, "GREETING": greeting},
        )
        data.table.grant_read_write_data(worker)
        provider = functions.Function(
            self,
            "Provider",
            runtime=functions.Runtime.PYTHON_3_13,
            handler="index.handle",
            code=functions.Code.from_inline((CODE / "provider.py").read_text()),
            timeout=cdk.Duration.seconds(30),
        )
        thing = cdk.CustomResource(
            self,
            "Thing",
            resource_type="Custom::Thing",
            service_token=provider.function_arn,
            properties={"Greeting": greeting, "Count": 3},
        )
        machine = states.StateMachine(
            self,
            "Machine",
            definition_body=states.DefinitionBody.from_chainable(
                tasks.LambdaInvoke(self, "Work", lambda_function=worker, output_path="$.Payload")
            ),
        )
        self._record()
        cdk.CfnOutput(self, "MachineArn", value=machine.state_machine_arn)
        cdk.CfnOutput(self, "Said", value=thing.get_att_string("Said"))

    def _record(self) -> None:
        group = profiler.CfnProfilingGroup(self, "Profile", profiling_group_name="small-app")
        target = scaling.CfnScalableTarget(
            self,
            "Scaling",
            min_capacity=1,
            max_capacity=4,
            resource_id="endpoint/none/variant/blue",
            scalable_dimension="sagemaker:variant:DesiredInstanceCount",
            service_namespace="sagemaker",
        )
        cdk.CfnOutput(self, "ProfileArn", value=group.attr_arn)
        cdk.CfnOutput(self, "ScalingRef", value=target.ref)


def main() -> None:
    """Synthesize both stacks."""
    app = cdk.App()
    greeting = str(app.node.try_get_context("greeting") or "good day")
    data = DataStack(app, "SmallData")
    WorkStack(app, "SmallWork", data=data, greeting=greeting)
    app.synth()


if __name__ == "__main__":
    main()
