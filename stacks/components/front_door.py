"""The HTTP API: predictions and outcomes, for callers that sign their requests (SigV4)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_apigatewayv2 as apigateway
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs

from stacks.components.arns import ACCOUNT
from stacks.components.handler_function import HandlerFunction
from stacks.components.retention import keep_data
from stacks.project.spec import StageSpec

ROUTES: Mapping[str, str] = {
    "POST /models/{model}/predictions": "route_request",
    "POST /outcomes": "record_outcome",
}
"""Route to the function that answers it."""

_ACCESS_LINE = {
    "request": "$context.requestId",
    "time": "$context.requestTimeEpoch",
    "route": "$context.routeKey",
    "status": "$context.status",
    "caller": "$context.identity.caller",
    "milliseconds": "$context.responseLatency",
    "error": "$context.integrationErrorMessage",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FrontDoorProps:
    """The functions by their package, and the stage they serve."""

    project: str
    stage: StageSpec
    functions: Mapping[str, HandlerFunction]


def add_front_door(stack: Stack, props: FrontDoorProps) -> apigateway.CfnApi:
    """The stack has the API with its routes; a request without a signature is refused."""
    api = apigateway.CfnApi(
        stack, "Api", name=f"{props.project}-{props.stage.name}", protocol_type="HTTP"
    )
    api_id = api.ref
    for route_key, package in ROUTES.items():
        _add_route(stack, api_id, route_key, props.functions[package])
    log = logs.CfnLogGroup(stack, "ApiLog", retention_in_days=props.stage.log_days)
    keep_data(log, props.stage.data_on_destroy)
    apigateway.CfnStage(
        stack,
        "ApiStage",
        api_id=api_id,
        stage_name="$default",
        auto_deploy=True,
        access_log_settings={"destinationArn": log.attr_arn, "format": json.dumps(_ACCESS_LINE)},
        default_route_settings={
            "throttlingRateLimit": props.stage.requests_per_second,
            "throttlingBurstLimit": 2 * props.stage.requests_per_second,
            "detailedMetricsEnabled": True,
        },
    )
    return api


def _add_route(stack: Stack, api_id: str, route_key: str, function: HandlerFunction) -> None:
    method, _, path = route_key.partition(" ")
    name = "Predictions" if path.endswith("predictions") else "Outcomes"
    integration = apigateway.CfnIntegration(
        stack,
        f"{name}Integration",
        api_id=api_id,
        integration_type="AWS_PROXY",
        integration_uri=function.arn,
        payload_format_version="2.0",
    )
    apigateway.CfnRoute(
        stack,
        f"{name}Route",
        api_id=api_id,
        route_key=route_key,
        authorization_type="AWS_IAM",
        target=f"integrations/{integration.ref}",
    )
    permission = lambda_.CfnPermission(
        stack,
        f"{name}Permission",
        action="lambda:InvokeFunction",
        function_name=function.arn,
        principal="apigateway.amazonaws.com",
    )
    permission.add_property_override("SourceArn", _source(method, path))


def _source(method: str, path: str) -> dict[str, Any]:
    called = path.replace("{model}", "*")
    arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:{ACCOUNT}:${{Api}}"
    return {"Fn::Sub": f"{arn}/*/{method}{called}"}
