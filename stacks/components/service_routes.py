"""The routes of an AI service, at the HTTP API that all services of the stage share."""

from typing import Any

from stacks.components.arns import ACCOUNT
from stacks.components.blueprint import Blueprint, att, ref
from stacks.components.front_door import access_terms
from stacks.components.handler_function import FunctionProps
from stacks.components.service_functions import ServiceProps
from stacks.components.service_sign_in import PEOPLE, sign_in_of
from stacks.project.names import ai_stack_name, export_name, pascal
from tidegate.ai.callers import Callers
from tidegate.ai.kind import Route


def add_routes(blueprint: Blueprint, props: ServiceProps, door: FunctionProps) -> None:
    """Each route of the kind is there below /ai/SERVICE/, and only the API may call the door."""
    api, authorizer = _imported(props, "ApiId"), _imported(props, "AuthorizerId")
    access: dict[Callers, dict[str, Any]] = {
        Callers.APPLICATIONS: access_terms(props.arns.stage.door, authorizer),
        Callers.PEOPLE: {"AuthorizationType": "JWT", "AuthorizerId": ref(PEOPLE)},
        Callers.ANYBODY: {"AuthorizationType": "NONE"},
    }
    blueprint.add(
        "DoorIntegration",
        "AWS::ApiGatewayV2::Integration",
        {
            "ApiId": api,
            "IntegrationType": "AWS_PROXY",
            "IntegrationUri": att(door.id),
            "PayloadFormatVersion": "2.0",
        },
    )
    target = {"Fn::Join": ["/", ["integrations", {"Ref": "DoorIntegration"}]]}
    for route in routes_of(props):
        key = f"{route.method} /ai/{props.place.service}/{route.below}"
        blueprint.add(
            route_id(route),
            "AWS::ApiGatewayV2::Route",
            {"ApiId": api, "RouteKey": key, **access[route.callers], "Target": target},
        )
    blueprint.add(
        "DoorPermission",
        "AWS::Lambda::Permission",
        {
            "Action": "lambda:InvokeFunction",
            "FunctionName": att(door.id),
            "Principal": "apigateway.amazonaws.com",
            "SourceArn": _called(props, api),
        },
    )


def routes_of(props: ServiceProps) -> list[Route]:
    """The kind's routes; those of people and pages only where people sign in."""
    people = sign_in_of(props) is not None
    return [r for r in props.kind.routes if people or r.callers is Callers.APPLICATIONS]


def route_id(route: Route) -> str:
    """The logical id of a route."""
    return f"{pascal(f'{route.method.lower()}-{route.name}')}Route"


def _imported(props: ServiceProps, output: str) -> dict[str, Any]:
    stack = ai_stack_name(props.place.project, props.arns.stage.name)
    return {"Fn::ImportValue": export_name(stack, output)}


def _called(props: ServiceProps, api: dict[str, Any]) -> dict[str, Any]:
    arn = f"arn:${{AWS::Partition}}:execute-api:${{AWS::Region}}:{ACCOUNT}:${{Api}}"
    return {"Fn::Sub": [f"{arn}/*/*/ai/{props.place.service}/*", {"Api": api}]}
