"""Who a caller is: no key is trusted unsigned, and the services' roles get sessions.

ministack lets three kinds of keys pass as the account's root without looking at their signature
(`test`, any 12 digits, the server's own). Here only a key that IAM or STS knows passes.
"""

import hashlib
import json
import secrets
import xml.etree.ElementTree as ET
from typing import Any
from urllib.parse import urlencode

from ministack.core import iam_actions, iam_evaluator, responses

from emulator.runtime import Credentials

ADMINISTRATOR = "administrator"
_ADMINISTRATOR_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"*","Resource":"*"}]}'
)


def trust_no_unsigned_key() -> None:
    """Every access key's signature is checked, also `test` and account numbers."""
    iam_evaluator.is_root_access_key = _is_internal_caller


def _is_internal_caller(access_key_id: str) -> bool:
    """Services of ministack call each other without a key; a request without one is anonymous."""
    return not access_key_id


def treat_loopback_as_tls() -> None:
    """`aws:SecureTransport` is true: nothing leaves the machine, and bucket policies demand TLS."""
    from ministack import app  # noqa: PLC0415 - reads the environment when imported

    pin_as_sent = iam_evaluator.pin_request_origin

    def pin(source_ip: str, _secure: bool) -> None:  # noqa: FBT001 - ministack's signature
        pin_as_sent(source_ip, True)

    app.pin_request_origin = pin


def name_roles_in_conditions() -> None:
    """`aws:PrincipalArn` of a role's session is the role's ARN, not the session's.

    IAM User Guide, "AWS global condition context keys", aws:PrincipalArn.
    """
    built_in = iam_evaluator._resolve_condition_key

    def resolve(key: str, context: iam_evaluator.EvalContext) -> Any:
        found = built_in(key, context)
        return _role_of(found) if key.lower() == "aws:principalarn" else found

    iam_evaluator._resolve_condition_key = resolve


def _role_of(arn: Any) -> Any:
    """The ARN of the role whose session this is; any other principal as it is."""
    parts = str(arn).split(":", 5)
    if len(parts) < 6 or parts[2] != "sts" or not parts[5].startswith("assumed-role/"):
        return arn
    from ministack.services import iam  # noqa: PLC0415 - a service is loaded when first used

    name = parts[5].split("/")[1]
    role = iam._roles.get_scoped(parts[4], None, name)
    return f"arn:{parts[1]}:iam::{parts[4]}:role/{name}" if role is None else role["Arn"]


_OF_STREAMS = frozenset({"CreateLogStream", "PutLogEvents"})
_STREAM_OF = ":log-stream:"


def ask_about_log_streams() -> None:
    """Writing a log is asked about the stream, which `GROUP:*` covers and `GROUP` alone does not.

    Service authorization reference, CloudWatch Logs: PutLogEvents has the log stream; refusals of
    CreateLogStream name it too.
    """
    arn_built_in, context_built_in = (
        iam_actions.extract_resource_arn,
        iam_actions.logs_service_context,
    )

    def resource_arn(service: str, *request: Any) -> str:
        found, (_, _, headers, body, *_) = str(arn_built_in(service, *request)), request
        action = headers.get("x-amz-target", "").rpartition(".")[2]
        if service != "logs" or action not in _OF_STREAMS or found == "*":
            return found
        return f"{found}{_STREAM_OF}{json.loads(body).get('logStreamName', '*')}"

    def context(action: str, body: bytes, arn: str, *rest: Any) -> Any:
        return context_built_in(action, body, arn.partition(_STREAM_OF)[0], *rest)

    iam_actions.extract_resource_arn = resource_arn
    iam_actions.logs_service_context = context


def word_denials_as_aws() -> None:
    """A denial names the resource and carries a request id, in every protocol."""
    built_in = iam_actions.access_denied_response

    def denied(
        service: str, action: str, principal_arn: str, request_id: str, **options: Any
    ) -> tuple[int, dict[str, str], bytes]:
        resource = options.get("resource_arn", "*")
        by_resource_policy = options.get("explicit_deny") and options.get("resource_policy_arn")
        if not (options.get("error_code") or options.get("message") or by_resource_policy):
            explicit = bool(options.get("explicit_deny"))
            options["message"] = iam_actions.identity_denial_message(
                action, principal_arn, resource, explicit
            )
        status, headers, body = built_in(service, action, principal_arn, request_id, **options)
        return status, {**headers, "x-amzn-requestid": request_id}, body

    iam_actions.access_denied_response = denied


async def create_administrator(account: str, region: str) -> Credentials:
    """An IAM user that may do everything exists, and these are its keys."""
    with responses.request_scope(account, region):
        await _iam("CreateUser", UserName=ADMINISTRATOR)
        await _iam(
            "PutUserPolicy",
            UserName=ADMINISTRATOR,
            PolicyName="AdministratorAccess",
            PolicyDocument=_ADMINISTRATOR_POLICY,
        )
        answer = ET.fromstring(await _iam("CreateAccessKey", UserName=ADMINISTRATOR))  # noqa: S314 - our own answer
    texts = {element.tag.rpartition("}")[2]: element.text or "" for element in answer.iter()}
    return Credentials(access_key=texts["AccessKeyId"], secret_key=texts["SecretAccessKey"])


async def _iam(action: str, **parameters: str) -> bytes:
    from ministack.services import iam  # noqa: PLC0415 - a service is loaded when first used

    body = urlencode({"Action": action, "Version": "2010-05-08", **parameters}).encode()
    headers = {"content-type": "application/x-www-form-urlencoded"}
    status, _, answer = await iam.handle_request("POST", "/", headers, body, {})
    content = bytes(answer) if not isinstance(answer, str) else answer.encode()
    if status != 200:
        raise RuntimeError(f"iam {action} failed with {status}: {content.decode()}")
    return content


_sessions: dict[tuple[str, str], Credentials] = {}


def role_credentials(role_arn: str, session_name: str) -> Credentials:
    """Credentials of a session of `role_arn`, as a service that assumed it holds them.

    The same role and name give the same session. The role need not exist yet: policies are looked
    up at each request, and a role without any may do nothing.
    """
    known = _sessions.get((role_arn, session_name))
    if known is not None:
        return known
    from ministack.services import sts  # noqa: PLC0415 - a service is loaded when first used

    account, role_name = role_arn.split(":")[4], role_arn.rpartition("/")[2]
    digest = hashlib.sha256(secrets.token_bytes(32)).hexdigest()
    credentials = Credentials(
        access_key=f"ASIA{digest[:16].upper()}",
        secret_key=secrets.token_hex(20),
        session_token=secrets.token_hex(32),
    )
    name = session_name[:64]
    sts.register_session(
        credentials.access_key,
        {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role_name}/{name}",
            "UserId": f"AROA{digest[16:32].upper()}:{name}",
            "SecretAccessKey": credentials.secret_key,
            "SessionToken": credentials.session_token,
        },
    )
    _sessions[role_arn, session_name] = credentials
    return credentials
