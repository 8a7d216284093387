"""The HTTP API: predictions and outcomes, for callers with a signature (SigV4) or a token."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stacks.components.arns import ACCOUNT
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.handler_function import FunctionProps, add_log
from stacks.project.doors import Authentication, DoorSpec
from stacks.project.spec import StageSpec

API = "Api"
_LOG = "ApiLog"
AUTHORIZER = "ApiTokens"
ROUTES: Mapping[str, str] = {
    "POST /models/{model}/predictions": "route_request",
    "POST /outcomes": "record_outcome",
}
"""Route to the function that answers it."""
LATER: Mapping[str, str] = {"GET /models/{model}/predictions/{id}": "route_request"}
"""The same, where a model has asynchronous endpoints."""

_NAMES = {"predictions": "Predictions", "outcomes": "Outcomes", "{id}": "Answers"}
"""What the resources of a route are called, by the end of its path."""

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
    """The functions by their package, and the stage they serve.

    `answers_later` says whether answers are asked for that came later.
    """

    project: str
    stage: StageSpec
    functions: Mapping[str, FunctionProps]
    answers_later: bool = False


def add_front_door(blueprint: Blueprint, props: FrontDoorProps) -> None:
    """The API with its routes is there; a request without signature or token is refused."""
    stage = props.stage
    access = access_terms(stage.door, ref(AUTHORIZER))
    routes = {**ROUTES, **LATER} if props.answers_later else ROUTES
    add_api(blueprint, stage, name=f"{props.project}-{stage.name}")
    for route_key, package in routes.items():
        _add_route(blueprint, route_key, props.functions[package].id, access)


def add_api(blueprint: Blueprint, stage: StageSpec, *, name: str) -> None:
    """An HTTP API is there with log, limits and, where tokens are taken, its authorizer."""
    _add_authorizer(blueprint, stage.door)
    blueprint.add(API, "AWS::ApiGatewayV2::Api", {"Name": name, "ProtocolType": "HTTP"})
    add_log(blueprint, _LOG, stage)
    blueprint.add(
        "ApiStage",
        "AWS::ApiGatewayV2::Stage",
        {
            "ApiId": ref(API),
            "StageName": "$default",
            "AutoDeploy": True,
            "AccessLogSettings": {"DestinationArn": att(_LOG), "Format": json.dumps(_ACCESS_LINE)},
            "DefaultRouteSettings": {
                "ThrottlingRateLimit": stage.requests_per_second,
                "ThrottlingBurstLimit": 2 * stage.requests_per_second,
                "DetailedMetricsEnabled": True,
            },
        },
    )


def access_terms(door: DoorSpec, authorizer: Any) -> dict[str, Any]:
    """What a route says of its callers; `authorizer` is the id of what reads tokens."""
    if door.authentication is Authentication.IAM or door.jwt is None:
        return {"AuthorizationType": "AWS_IAM"}
    scopes = [value for name in ("scope", "scp") for value in door.jwt.claims.get(name, ())]
    return {
        "AuthorizationType": "JWT",
        "AuthorizerId": authorizer,
        "AuthorizationScopes": scopes or None,
    }


def _add_authorizer(blueprint: Blueprint, door: DoorSpec) -> None:
    if door.authentication is Authentication.IAM or door.jwt is None:
        return
    blueprint.add(
        AUTHORIZER,
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": ref(API),
            "AuthorizerType": "JWT",
            "Name": "Tokens",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": {"Issuer": door.jwt.issuer, "Audience": [door.jwt.audience]},
        },
    )


def _add_route(blueprint: Blueprint, route_key: str, function: str, access: dict[str, Any]) -> None:
    method, _, path = route_key.partition(" ")
    name = _NAMES[path.rpartition("/")[2]]
    integration = blueprint.add(
        f"{name}Integration",
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": ref(API),
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": att(function),
            "PayloadFormatVersion": "2.0",
        },
    )
    blueprint.add(
        f"{name}Route",
        "AWS::ApiGatewayV2::Route",
        {
            "ApiId": ref(API),
            "RouteKey": route_key,
            **access,
            "Target": {"Fn::Join": ["/", ["integrations", ref(integration)]]},
        },
    )
    blueprint.add(
        f"{name}Permission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": att(function),
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": _source(method, path),
        },
    )


def _source(method: str, path: str) -> dict[str, Any]:
    called = path.replace("{model}", "*").replace("{id}", "*")
    arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:{ACCOUNT}:${{{API}}}"
    return {"Fn::Sub": f"{arn}/*/{method}{called}"}
