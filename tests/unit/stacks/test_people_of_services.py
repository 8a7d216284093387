"""Who may call which route of a service whose people sign in, and what they sign in at."""

from typing import Any

from stacks.components.arns import Arns
from stacks.components.handler_function import CodeAsset
from stacks.components.service_functions import ServiceProps
from stacks.project.spec import ServiceSpec, StageSpec
from stacks.service_stack import service_blueprint
from tidegate.ai.kind import Place
from tidegate.ai.kinds import kind_named
from tidegate.ai.labelling.settings import FromModel, LabellingSettings, OwnIssuer

PLAIN = {"task": "text-class", "classes": ("cat", "dog")}
ISSUER = OwnIssuer(
    issuer="https://id.example",
    client="ours",
    authorize="https://id.example/authorize",
    token="https://id.example/token",
)
TEAM = "arn:aws:sagemaker:eu-west-1:123456789012:workteam/private-crowd/sorters"


def resources(**settings: Any) -> dict[str, dict[str, Any]]:
    """The resources of a labelling service with these settings."""
    stage = StageSpec(name="dev", region="eu-west-1", partition="aws")
    chosen = LabellingSettings(**{**PLAIN, **settings})
    model = None if chosen.from_model is None else chosen.from_model.model
    spec = ServiceSpec(
        name="sorting",
        kind="labelling",
        settings=chosen,
        requests_per_minute=300,
        keep_days=30,
        outcomes_of=model,
    )
    props = ServiceProps(
        arns=Arns(stage=stage),
        place=Place(project="shop", stage="dev", service="sorting"),
        kind=kind_named("labelling"),
        spec=spec,
        bucket="assets",
        key="document.json",
    )
    return service_blueprint(props, CodeAsset(bucket="assets", key="code.zip")).resources


def of_type(found: dict[str, dict[str, Any]], kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type."""
    return [one["Properties"] for one in found.values() if one["Type"] == kind]


def test_people_of_a_provider_have_no_pool() -> None:
    """Tokens name the provider, and its client as their audience."""
    found = resources(sign_in=ISSUER)
    (authorizer,) = of_type(found, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["JwtConfiguration"] == {"Issuer": "https://id.example", "Audience": ["ours"]}
    assert of_type(found, "AWS::Cognito::UserPool") == []


def test_a_second_factor_is_asked_for_where_settings_say_so() -> None:
    """By an authenticator app."""
    (pool,) = of_type(resources(mfa="required"), "AWS::Cognito::UserPool")
    assert (pool["MfaConfiguration"], pool["EnabledMfas"]) == ("ON", ["SOFTWARE_TOKEN_MFA"])
    (pool,) = of_type(resources(), "AWS::Cognito::UserPool")
    assert pool["MfaConfiguration"] == "OPTIONAL"


def test_a_pools_pages_have_a_name_of_their_own_without_words_that_aws_keeps() -> None:
    """63 characters at most, with an account's twelve digits."""
    (domain,) = of_type(resources(), "AWS::Cognito::UserPoolDomain")
    name = domain["Domain"]["Fn::Sub"].replace("${AWS::AccountId}", "123456789012")
    assert len(name) <= 63
    assert not any(word in name for word in ("aws", "amazon", "cognito"))


def test_a_work_team_needs_no_page_and_no_sign_in() -> None:
    """Applications send manifests and ask what became of them."""
    found = resources(engine="ground-truth", enrolled=True, work_team=TEAM)
    routes = of_type(found, "AWS::ApiGatewayV2::Route")
    assert {route["AuthorizationType"] for route in routes} == {"AWS_IAM"}
    assert of_type(found, "AWS::ApiGatewayV2::Authorizer") == []
    assert "AI_SIGN_IN" not in found["AnswerAiRequest"]["Properties"]["Environment"]["Variables"]


def test_outcomes_go_below_the_services_own_name_in_the_stages_bucket() -> None:
    """And only where a model is looked at."""
    found = resources(from_model=FromModel(model="letters"))
    variables = found["DoAiWork"]["Properties"]["Environment"]["Variables"]
    assert variables["AI_OUTCOMES"] == {"Fn::ImportValue": "shop-dev-release-OutcomeBucketName"}
    policies = found["DoAiWorkRole"]["Properties"]["Policies"]
    statements = [one for policy in policies for one in policy["PolicyDocument"]["Statement"]]
    every = [one for statement in statements for one in statement["Resource"]]
    into = [
        one["Fn::Sub"][0]
        for one in every
        if isinstance(one, dict) and isinstance(one.get("Fn::Sub"), list)
    ]
    assert into == ["arn:${AWS::Partition}:s3:::${Outcomes}/shop-dev-sorting/*"]
    assert "AI_OUTCOMES" not in resources()["DoAiWork"]["Properties"]["Environment"]["Variables"]
