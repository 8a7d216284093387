import json
import urllib.error
import urllib.request
from collections.abc import Callable
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from emulator.server import EmbeddedCloud

Call = Callable[..., tuple[int, Any]]
ECHO = "import json\ndef handle(e, c): return {'statusCode': 201, 'body': json.dumps(e)}"


@pytest.fixture
def api(ground_cloud: EmbeddedCloud, make_function: Callable[..., str]) -> tuple[str, str]:
    """An HTTP API with `POST /route` behind IAM and a function; id of the API, ARN of the other."""
    return _api(ground_cloud, make_function(ECHO))


def _api(cloud: EmbeddedCloud, function: str) -> tuple[str, str]:
    client = cloud.session().client("apigatewayv2")
    api_id = client.create_api(Name="api", ProtocolType="HTTP")["ApiId"]
    integration = client.create_integration(
        ApiId=api_id,
        IntegrationType="AWS_PROXY",
        IntegrationUri=function,
        PayloadFormatVersion="2.0",
    )["IntegrationId"]
    client.create_route(
        ApiId=api_id,
        RouteKey="POST /route",
        Target=f"integrations/{integration}",
        AuthorizationType="AWS_IAM",
    )
    client.create_stage(ApiId=api_id, StageName="$default", AutoDeploy=True)
    return api_id, function


def _permit(cloud: EmbeddedCloud, api_id: str, function: str) -> None:
    cloud.session().client("lambda").add_permission(
        FunctionName=function,
        StatementId="api",
        Action="lambda:InvokeFunction",
        Principal="apigateway.amazonaws.com",
        SourceArn=f"arn:aws:execute-api:{cloud.region}:{cloud.account}:{api_id}/*/*/route",
    )


def _user(cloud: EmbeddedCloud, name: str, resource: str | None) -> Credentials:
    iam = cloud.session().client("iam")
    iam.create_user(UserName=name)
    if resource is not None:
        statement = {"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": resource}
        document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
        iam.put_user_policy(UserName=name, PolicyName="p", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return Credentials(key["AccessKeyId"], key["SecretAccessKey"])


def _post(cloud: EmbeddedCloud, api_id: str, keys: Credentials | None) -> tuple[int, Any]:
    url = cloud.api_url(api_id) + "/route"
    signed = AWSRequest("POST", url, data=b'{"a": 1}', headers={"Content-Type": "application/json"})
    if keys is not None:
        SigV4Auth(keys, "execute-api", cloud.region).add_auth(signed)
    request = urllib.request.Request(  # noqa: S310 - loopback
        url, b'{"a": 1}', dict(signed.headers)
    )
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310 - loopback
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        return error.code, json.loads(error.read())


def test_unsigned_call_is_forbidden(ground_cloud: EmbeddedCloud, api: tuple[str, str]):
    """A call without a signature is refused in HTTP API's words."""
    assert _post(ground_cloud, api[0], None) == (403, {"message": "Forbidden"})


def test_signed_call_without_permission_is_forbidden(
    ground_cloud: EmbeddedCloud, api: tuple[str, str]
):
    """A user without execute-api:Invoke is refused in the same words."""
    keys = _user(ground_cloud, "api-nobody", None)

    assert _post(ground_cloud, api[0], keys) == (403, {"message": "Forbidden"})


def test_permission_on_the_route_reaches_the_function(
    ground_cloud: EmbeddedCloud, api: tuple[str, str]
):
    """A user allowed that route of that API reaches the function, with payload format 2.0."""
    api_id, function = api
    _permit(ground_cloud, api_id, function)
    resource = f"arn:aws:execute-api:*:*:{api_id}/$default/POST/route"

    status, event = _post(ground_cloud, api_id, _user(ground_cloud, "api-somebody", resource))

    assert status == 201
    assert (event["version"], event["routeKey"], event["body"]) == (
        "2.0",
        "POST /route",
        '{"a": 1}',
    )
    assert event["requestContext"]["authorizer"]["iam"]["userArn"].endswith("user/api-somebody")


def test_function_must_permit_the_api(ground_cloud: EmbeddedCloud, api: tuple[str, str]):
    """Without AddPermission the API may not invoke the function, whoever calls."""
    keys = ground_cloud.credentials()

    answer = _post(ground_cloud, api[0], Credentials(keys.access_key, keys.secret_key))

    assert answer == (500, {"message": "Internal Server Error"})


def test_failed_function_is_not_explained(
    ground_cloud: EmbeddedCloud, make_function: Callable[..., str]
):
    """What a function raised does not leak to the API's caller."""
    api_id, function = _api(ground_cloud, make_function("def handle(e, c): raise ValueError('s')"))
    _permit(ground_cloud, api_id, function)
    keys = ground_cloud.credentials()

    answer = _post(ground_cloud, api_id, Credentials(keys.access_key, keys.secret_key))

    assert answer == (500, {"message": "Internal Server Error"})
