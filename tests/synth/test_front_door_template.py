"""The templates of two tracks: ways in, endpoints, and the records between them."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App, Validations
from cdk_nag import AwsSolutionsChecks

from gate.lint import matches
from stacks.application import add_stacks
from stacks.checks.acknowledged_tracks import of_tracks
from stacks.checks.nag import add_nag, findings
from stacks.components.blueprint import INCLUDED
from stacks.composition.deployment import Deployment
from stacks.project.load import load_project
from stacks.project.spec import ProjectSpec
from tests.synth.assembly import ACCOUNT, LIVE, Assembly, own_faults, synthesize
from tests.synth.doors import DOORS_FILE

DOOR, MODEL, RELEASE = "shop-dev-front-door", "shop-dev-model-fraud", "shop-dev-release"
HOST = "fraud.models.example.com"
REGIONS = {"dev": "eu-west-1", "prod": "us-east-1"}


@pytest.fixture(scope="module")
def doors(tmp_path_factory: pytest.TempPathFactory) -> ProjectSpec:
    """Two stages, each with tracks."""
    folder = tmp_path_factory.mktemp("doors")
    (folder / "fraud" / "code").mkdir(parents=True)
    (folder / "fraud" / "code" / "inference.py").write_text("def model_fn(model_dir): ...\n")
    (folder / "tidegate.yaml").write_text(DOORS_FILE)
    return load_project(folder / "tidegate.yaml")


@pytest.fixture(scope="module")
def assembly(doors: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """The first deploy of stage dev."""
    return synthesize(Deployment(project=doors, stage="dev", folder=tmp_path_factory.mktemp("d")))


@pytest.fixture(scope="module")
def promoted(doors: ProjectSpec, tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    """A deploy of stage prod, in which fraud's green slot is live."""
    folder = tmp_path_factory.mktemp("p")
    image = LIVE.version.image.replace("141502667606", "683313688378").replace(
        "eu-west-1", REGIONS["prod"]
    )
    pointers = {"fraud": replace(LIVE, version=replace(LIVE.version, image=image))}
    return synthesize(Deployment(project=doors, stage="prod", folder=folder, pointers=pointers))


def properties(assembly: Assembly, stack: str, kind: str) -> list[dict[str, Any]]:
    """The properties of all resources of a type."""
    return [found["Properties"] for found in assembly.resources(stack, kind).values()]


@pytest.mark.nag
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_cfn_lint_finds_nothing_in_two_regions(stage: str, request: pytest.FixtureRequest):
    """Warnings count."""
    made: Assembly = request.getfixturevalue({"dev": "assembly", "prod": "promoted"}[stage])
    stacks = [f"shop-{stage}-{name}" for name in ("front-door", "model-fraud", "release")]
    files = [str(made.folder / f"{name}.template.json") for name in stacks]
    assert [str(match) for match in matches(files, region=REGIONS[stage])] == []


def test_our_own_rules_find_nothing(assembly: Assembly, promoted: Assembly):
    """In each template, and between them."""
    for made in (assembly, promoted):
        assert own_faults(made) == []


def test_weighted_records_are_the_same_whichever_slot_is_live(
    assembly: Assembly, promoted: Assembly
):
    """1 and 0, and zero stays zero: only releases change the weights."""
    for made, stack in ((assembly, MODEL), (promoted, "shop-prod-model-fraud")):
        records = properties(made, stack, "AWS::Route53::RecordSet")
        assert {r["SetIdentifier"]: r["Weight"] for r in records} == {"blue": 1, "green": 0}


def test_weighted_records_alias_the_tracks_names_and_evaluate_their_health(assembly: Assembly):
    """What follows the load balancers is one name further."""
    for record in properties(assembly, MODEL, "AWS::Route53::RecordSet"):
        alias = record["AliasTarget"]
        assert record["Name"] == HOST
        assert alias["DNSName"] == f"{record['SetIdentifier']}.{HOST}"
        assert alias["HostedZoneId"] == record["HostedZoneId"] == "Z0123456789"
        assert alias["EvaluateTargetHealth"] is True


def test_names_of_the_tracks_follow_their_load_balancers(assembly: Assembly):
    """And are taken out when those are not healthy."""
    records = assembly.resources(DOOR, "AWS::Route53::RecordSet")
    assert sorted(records) == ["FraudBlueRecord", "FraudGreenRecord"]
    for slot in ("Blue", "Green"):
        record = records[f"Fraud{slot}Record"]["Properties"]
        assert record["Name"] == f"{slot.lower()}.{HOST}"
        assert record["AliasTarget"] == {
            "HostedZoneId": {"Fn::GetAtt": [f"Fraud{slot}Balancer", "CanonicalHostedZoneID"]},
            "DNSName": {"Fn::GetAtt": [f"Fraud{slot}Balancer", "DNSName"]},
            "EvaluateTargetHealth": True,
        }


def test_one_certificate_is_good_for_the_host_and_both_tracks(assembly: Assembly):
    """Validated by records that ACM's handler writes itself."""
    (certificate,) = properties(assembly, DOOR, "AWS::CertificateManager::Certificate")
    names = [certificate["DomainName"], *certificate["SubjectAlternativeNames"]]
    assert names == [HOST, f"blue.{HOST}", f"green.{HOST}"]
    validated = certificate["DomainValidationOptions"]
    assert [option["DomainName"] for option in validated] == names
    assert {option["HostedZoneId"] for option in validated} == {"Z0123456789"}


def test_listeners_speak_tls_and_deny_what_no_rule_lets_in(assembly: Assembly):
    """There is no listener without TLS."""
    listeners = properties(assembly, DOOR, "AWS::ElasticLoadBalancingV2::Listener")
    assert len(listeners) == 2
    for listener in listeners:
        assert (listener["Protocol"], listener["Port"]) == ("HTTPS", 443)
        assert listener["SslPolicy"].startswith("ELBSecurityPolicy-TLS13-1-2")
        (action,) = listener["DefaultActions"]
        assert action["FixedResponseConfig"]["StatusCode"] == "403"


def test_a_request_is_let_in_by_host_path_method_and_token(assembly: Assembly):
    """The token is checked before the router is asked."""
    rules = assembly.resources(DOOR, "AWS::ElasticLoadBalancingV2::ListenerRule")
    for slot in ("Blue", "Green"):
        rule = rules[f"Fraud{slot}Rule"]["Properties"]
        hosts, paths, methods = (
            next(iter(v for k, v in c.items() if k != "Field"))["Values"]
            for c in rule["Conditions"]
        )
        assert hosts == [HOST, f"{slot.lower()}.{HOST}"]
        assert (paths, methods) == (["/models/fraud/predictions"], ["POST"])
        first, second = sorted(rule["Actions"], key=lambda action: action["Order"])
        assert (first["Type"], second["Type"]) == ("jwt-validation", "forward")
        token = first["JwtValidationConfig"]
        assert token["Issuer"] == "https://id.example.com/shop"
        assert token["JwksEndpoint"] == "https://id.example.com/shop/.well-known/jwks.json"
        assert {c["Name"]: (c["Format"], c["Values"]) for c in token["AdditionalClaims"]} == {
            "aud": ("single-string", ["shop-models"]),
            "scope": ("space-separated-values", ["predict"]),
            "tenant": ("string-array", ["a", "b"]),
        }


def test_each_track_has_its_own_router_whose_health_is_checked(assembly: Assembly):
    """The check asks for the health of the model's endpoint on that track."""
    groups = assembly.resources(DOOR, "AWS::ElasticLoadBalancingV2::TargetGroup")
    for slot in ("blue", "green"):
        group = groups[f"Fraud{slot.capitalize()}Target"]["Properties"]
        (target,) = group["Targets"]
        assert target["Id"]["Fn::Sub"].endswith(f":function:shop-dev-route-request-{slot}")
        assert group["HealthCheckEnabled"] is True
        assert group["HealthCheckPath"] == "/models/fraud/health"
        assert group["HealthCheckIntervalSeconds"] > group["HealthCheckTimeoutSeconds"]
        assert "Name" not in group


def test_load_balancers_log_access_and_drop_invalid_headers(assembly: Assembly):
    """The log has no bodies."""
    balancers = properties(assembly, DOOR, "AWS::ElasticLoadBalancingV2::LoadBalancer")
    assert len(balancers) == 2
    for balancer in balancers:
        attributes = {a["Key"]: a["Value"] for a in balancer["LoadBalancerAttributes"]}
        assert attributes["access_logs.s3.enabled"] == "true"
        assert attributes["access_logs.s3.bucket"] == {"Ref": "AccessLogs"}
        assert attributes["routing.http.drop_invalid_header_fields.enabled"] == "true"


def test_both_load_balancers_stand_behind_the_rate_rule(assembly: Assembly):
    """Counted by address, without samples of requests."""
    (acl,) = properties(assembly, DOOR, "AWS::WAFv2::WebACL")
    (rule,) = acl["Rules"]
    assert rule["Statement"]["RateBasedStatement"]["Limit"] == 2_000
    assert rule["Action"] == {"Block": {}}
    assert rule["VisibilityConfig"]["SampledRequestsEnabled"] is False
    protected = properties(assembly, DOOR, "AWS::WAFv2::WebACLAssociation")
    assert sorted(p["ResourceArn"]["Ref"] for p in protected) == [
        "FraudBlueBalancer",
        "FraudGreenBalancer",
    ]


def test_only_tls_comes_in_and_only_the_issuer_s_keys_are_fetched(assembly: Assembly):
    """Port 443, both ways."""
    (group,) = properties(assembly, DOOR, "AWS::EC2::SecurityGroup")
    for rule in (*group["SecurityGroupIngress"], *group["SecurityGroupEgress"]):
        assert (rule["FromPort"], rule["ToPort"], rule["IpProtocol"]) == (443, 443, "tcp")


def test_zones_are_those_of_whoever_deploys(promoted: Assembly):
    """Even where the account is known: synth looks nothing up, and makes nothing up."""
    subnets = properties(promoted, "shop-prod-front-door", "AWS::EC2::Subnet")
    zones = [subnet["AvailabilityZone"] for subnet in subnets]
    assert zones == [{"Fn::Select": [n, {"Fn::GetAZs": ""}]} for n in (0, 1)]
    assert "dummy" not in json.dumps(promoted.templates)


def test_each_track_has_an_endpoint_with_one_variant_named_by_its_slot(assembly: Assembly):
    """All that comes to it is that variant's."""
    endpoints = properties(assembly, MODEL, "AWS::SageMaker::Endpoint")
    assert sorted(e["EndpointName"] for e in endpoints) == [
        "shop-dev-fraud-blue",
        "shop-dev-fraud-green",
    ]
    configs = properties(assembly, MODEL, "AWS::SageMaker::EndpointConfig")
    variants = [v for config in configs for v in config["ProductionVariants"]]
    assert sorted((v["VariantName"], v["InitialVariantWeight"]) for v in variants) == [
        ("blue", 1),
        ("green", 1),
    ]


def test_a_deploy_changes_only_the_idle_track(promoted: Assembly):
    """What is live is what the pointer says; the new version goes to the other endpoint."""
    verify = promoted.resources("shop-prod-model-fraud", "Custom::ReleaseVerify")
    slots = verify["ReleaseVerify"]["Properties"]["Slots"]
    assert slots["green"]["digest"] == LIVE.version.digest
    assert slots["blue"]["digest"] != LIVE.version.digest


def test_the_verification_comes_after_both_tracks_and_their_records(assembly: Assembly):
    """It reads back what serves, and knows the configuration of each."""
    (verify,) = assembly.resources(MODEL, "Custom::ReleaseVerify").values()
    after = {"BlueEndpoint", "GreenEndpoint", "BlueRecord", "GreenRecord"}
    assert after <= set(verify["DependsOn"])
    text, names = verify["Properties"]["EndpointConfigName"]["Fn::Sub"]
    assert text == "blue=${Blue} green=${Green}"
    assert set(names) == {"Blue", "Green"}
    assert verify["Properties"]["Tracks"] == {
        "zone_id": "Z0123456789",
        "host": HOST,
        "endpoints": {"blue": "shop-dev-fraud-blue", "green": "shop-dev-fraud-green"},
    }


def test_a_router_reaches_the_endpoints_of_its_own_track_only(assembly: Assembly):
    """And knows which that is."""
    for slot in ("Blue", "Green"):
        resources = assembly.templates[RELEASE]["Resources"]
        function = resources[f"RouteRequest{slot}"]["Properties"]
        assert function["Environment"]["Variables"]["TRACK"] == slot.lower()
        work = resources[f"RouteRequest{slot}Role"]["Properties"]["Policies"][0]
        invoked = [
            s["Resource"]
            for s in work["PolicyDocument"]["Statement"]
            if "sagemaker:InvokeEndpoint" in s["Action"]
        ]
        assert json.dumps(invoked).count(f"endpoint/shop-dev-*-{slot.lower()}") == 1
        assert len(invoked) == 1


def test_what_the_routers_of_the_tracks_log_is_counted(assembly: Assembly):
    """As what comes by the HTTP API is."""
    filters = assembly.resources(RELEASE, "AWS::Logs::SubscriptionFilter")
    assert {"RouteRequestBlueSubscription", "RouteRequestGreenSubscription"} <= set(filters)


def test_only_shifts_may_change_records_and_only_those_of_the_hosts(assembly: Assembly):
    """The way back of a stack's end is the verification's."""
    roles = assembly.resources(RELEASE, "AWS::IAM::Role")
    changing = {
        id_: s["Condition"]["ForAllValues:StringEquals"]
        for id_, role in roles.items()
        for policy in role["Properties"]["Policies"]
        for s in policy["PolicyDocument"]["Statement"]
        if "route53:ChangeResourceRecordSets" in s["Action"]
    }
    assert sorted(changing) == ["ShiftTrafficRole", "VerifyReleaseRole"]
    for condition in changing.values():
        assert condition == {
            "route53:ChangeResourceRecordSetsNormalizedRecordNames": [HOST],
            "route53:ChangeResourceRecordSetsRecordTypes": ["A"],
            "route53:ChangeResourceRecordSetsActions": ["UPSERT"],
        }


def test_the_http_api_takes_signatures_unless_it_asks_for_tokens(assembly: Assembly):
    """Load balancers take tokens in any case."""
    for route in properties(assembly, RELEASE, "AWS::ApiGatewayV2::Route"):
        assert route["AuthorizationType"] == "AWS_IAM"
    assert properties(assembly, RELEASE, "AWS::ApiGatewayV2::Authorizer") == []


def test_the_http_api_takes_tokens_of_the_same_issuer(promoted: Assembly):
    """Outcomes come this way, and scopes are checked."""
    release = "shop-prod-release"
    (authorizer,) = properties(promoted, release, "AWS::ApiGatewayV2::Authorizer")
    assert authorizer["JwtConfiguration"] == {
        "Issuer": "https://id.example.com/shop",
        "Audience": ["shop-models"],
    }
    for route in properties(promoted, release, "AWS::ApiGatewayV2::Route"):
        assert route["AuthorizationType"] == "JWT"
        assert route["AuthorizerId"] == {"Ref": "ApiTokens"}
        assert route["AuthorizationScopes"] == ["predict"]


def test_without_tracks_nothing_of_them_is_there(first: Assembly):
    """An HTTP API bills nothing while idle."""
    assert not [name for name in first.templates if name.endswith("front-door")]
    assert "route53" not in json.dumps(first.templates)
    assert "ElasticLoadBalancing" not in json.dumps(first.templates)


def test_a_model_without_tracks_keeps_its_one_endpoint(assembly: Assembly):
    """Beside one that has them."""
    (endpoint,) = properties(assembly, "shop-dev-model-price", "AWS::SageMaker::Endpoint")
    assert endpoint["EndpointName"] == "shop-dev-price"


def test_stacks_come_in_the_order_that_they_need_each_other(assembly: Assembly):
    """Functions, then the ways to them, then the records that alias those."""
    manifest = json.loads((assembly.folder / "manifest.json").read_text())["artifacts"]
    assert RELEASE in manifest[DOOR]["dependencies"]
    assert DOOR in manifest[MODEL]["dependencies"]
    assert DOOR not in manifest["shop-dev-model-price"]["dependencies"]


def test_an_account_that_is_known_stands_in_the_arns(promoted: Assembly):
    """Literally: nothing is left to be filled in at deploy."""
    rule = promoted.resources("shop-prod-front-door", "AWS::ElasticLoadBalancingV2::TargetGroup")
    (target,) = rule["FraudBlueTarget"]["Properties"]["Targets"]
    assert target["Id"] == (
        f"arn:aws:lambda:us-east-1:{ACCOUNT}:function:shop-prod-route-request-blue"
    )


@pytest.mark.nag
@pytest.mark.parametrize("stage", ["dev", "prod"])
def test_nothing_is_found_that_was_not_acknowledged(doors: ProjectSpec, tmp_path: Path, stage: str):
    """AwsSolutions and CDK's validation pass, with tracks too."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=True)
    add_stacks(app, Deployment(project=doors, stage=stage, folder=tmp_path))
    add_nag(app, doors, doors.stages[stage])
    app.synth()


@pytest.mark.nag
def test_every_acknowledgement_of_tracks_answers_a_finding(doors: ProjectSpec, tmp_path: Path):
    """A reason that answers none is dead."""
    app = App(outdir=str(tmp_path), builtin_cloud_formation_validation=True)
    stage = doors.stages["dev"]
    add_stacks(app, Deployment(project=doors, stage="dev", folder=tmp_path))
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    with pytest.raises(RuntimeError):
        app.synth()
    found = {(each.construct, each.rule) for each in findings(tmp_path)}
    rows = {
        (f"{row.stack}/{INCLUDED}/{row.construct}", row.rule) for row in of_tracks(doors, stage)
    }
    assert rows
    assert rows <= found
