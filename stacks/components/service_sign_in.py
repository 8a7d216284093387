"""How people sign in to a service: a user pool of its own or an OpenID provider, and a token check.

The pool is Cognito's, as private work teams of Ground Truth have one. Nobody signs up: people are
invited. Its tier is Lite, which has all that is needed here and bills nothing for the first 10,000
people a month (Cognito's price page, as remembered).
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

from stacks.components.arns import ACCOUNT
from stacks.components.blueprint import Blueprint, data, ref
from stacks.project.names import ai_stack_name, export_name
from tidegate.ai.callers import SignIn
from tidegate.ai.signing_in import PAGE_URL, POOL_CLIENT, POOL_PAGES

if TYPE_CHECKING:
    from stacks.components.service_functions import ServiceProps

POOL, CLIENT, DOMAIN, PEOPLE = "PeoplePool", "PageClient", "PoolDomain", "PeopleTokens"
"""Logical ids; the last one is that of what reads tokens."""
_TOKEN_MINUTES, _SESSION_HOURS = 60, 12


def add_sign_in(blueprint: Blueprint, props: ServiceProps) -> None:
    """Tokens of people are read at the shared API; without an issuer there is a pool of people."""
    how = sign_in_of(props)
    if how is None:
        return
    issuer = how.issuer
    if issuer is None:
        _add_pool(blueprint, props, how)
        region = "https://cognito-idp.${AWS::Region}.${AWS::URLSuffix}"
        terms = {"Issuer": {"Fn::Sub": f"{region}/${{{POOL}}}"}, "Audience": [ref(CLIENT)]}
    else:
        terms = {"Issuer": issuer.issuer, "Audience": [issuer.client]}
    blueprint.add(
        PEOPLE,
        "AWS::ApiGatewayV2::Authorizer",
        {
            "ApiId": _shared(props, "ApiId"),
            "AuthorizerType": "JWT",
            "Name": f"People of {props.place.service}",
            "IdentitySource": ["$request.header.Authorization"],
            "JwtConfiguration": terms,
        },
    )
    blueprint.tell("PagePath", f"/ai/{props.place.service}/{how.page}")


def sign_in_of(props: ServiceProps) -> SignIn | None:
    """How people sign in to the service, None where only applications call it."""
    return props.kind.sign_in(props.spec.settings)


def sign_in_environment(props: ServiceProps) -> dict[str, Any]:
    """What the functions are told of it: JSON, once CloudFormation has filled it in."""
    how = sign_in_of(props)
    if how is None:
        return {}
    told = {PAGE_URL: f"${{Api}}/ai/{props.place.service}/{how.page}"}
    if how.issuer is None:
        pages = f"https://${{{DOMAIN}}}.auth.${{AWS::Region}}.amazoncognito.com"
        told |= {POOL_PAGES: pages, POOL_CLIENT: f"${{{CLIENT}}}"}
    api = {"Api": _shared(props, "ApiUrl")}
    return {"AI_SIGN_IN": {"Fn::Sub": [json.dumps(told, sort_keys=True), api]}}


def _page_url(props: ServiceProps, how: SignIn) -> Any:
    path = f"${{Api}}/ai/{props.place.service}/{how.page}"
    return {"Fn::Sub": [path, {"Api": _shared(props, "ApiUrl")}]}


def _shared(props: ServiceProps, output: str) -> dict[str, Any]:
    stack = ai_stack_name(props.place.project, props.arns.stage.name)
    return {"Fn::ImportValue": export_name(stack, output)}


def _add_pool(blueprint: Blueprint, props: ServiceProps, how: SignIn) -> None:
    kept = data(props.arns.stage.data_on_destroy)
    blueprint.add(POOL, "AWS::Cognito::UserPool", _pool(props), kept=kept)
    blueprint.add(
        DOMAIN,
        "AWS::Cognito::UserPoolDomain",
        {"UserPoolId": ref(POOL), "Domain": {"Fn::Sub": _domain(props)}},
    )
    page = [_page_url(props, how)]
    blueprint.add(
        CLIENT,
        "AWS::Cognito::UserPoolClient",
        {
            "UserPoolId": ref(POOL),
            "ClientName": "page",
            "GenerateSecret": False,
            "AllowedOAuthFlowsUserPoolClient": True,
            "AllowedOAuthFlows": ["code"],
            "AllowedOAuthScopes": ["openid"],
            "CallbackURLs": page,
            "LogoutURLs": page,
            "SupportedIdentityProviders": ["COGNITO"],
            "ExplicitAuthFlows": ["ALLOW_REFRESH_TOKEN_AUTH"],
            "PreventUserExistenceErrors": "ENABLED",
            "EnableTokenRevocation": True,
            "AccessTokenValidity": _TOKEN_MINUTES,
            "IdTokenValidity": _TOKEN_MINUTES,
            "RefreshTokenValidity": _SESSION_HOURS,
            "TokenValidityUnits": {
                "AccessToken": "minutes",
                "IdToken": "minutes",
                "RefreshToken": "hours",
            },
        },
    )
    blueprint.tell("PeoplePoolId", ref(POOL))


def _pool(props: ServiceProps) -> dict[str, Any]:
    """Who may sign in is whom an administrator made; words of 12 characters and more."""
    needed = getattr(props.spec.settings, "mfa", "optional") == "required"
    return {
        "UserPoolName": f"{props.place.prefix}-people",
        "UserPoolTier": "LITE",
        "AdminCreateUserConfig": {"AllowAdminCreateUserOnly": True},
        "AutoVerifiedAttributes": ["email"],
        "AccountRecoverySetting": {
            "RecoveryMechanisms": [{"Name": "verified_email", "Priority": 1}]
        },
        "MfaConfiguration": "ON" if needed else "OPTIONAL",
        "EnabledMfas": ["SOFTWARE_TOKEN_MFA"],
        "Policies": {
            "PasswordPolicy": {
                "MinimumLength": 12,
                "RequireLowercase": True,
                "RequireUppercase": True,
                "RequireNumbers": True,
                "RequireSymbols": True,
                "TemporaryPasswordValidityDays": 7,
            }
        },
    }


def _domain(props: ServiceProps) -> str:
    """Unique in all of AWS, by the account; a hash, since names may hold words that AWS keeps.

    Cognito developer guide, "Using your own prefix domain": no aws, amazon or cognito in it.
    """
    short = hashlib.sha256(props.place.prefix.encode()).hexdigest()[:12]
    return f"tidegate-{short}-{ACCOUNT}"
