"""Functions of aliases are invoked in Lambda, as far as their resource policy lets Lex."""

from typing import Any

from emulator.ai.lex.hooks import PRINCIPAL, FunctionFailedError
from emulator.jsonapi import Json
from emulator.seams import function_targets
from emulator.seams.permissions import Source


def invoke(function_arn: str, event: Json, alias_arn: str) -> Any:
    """What the function answered; blocks. FunctionFailedError says why it did not."""
    source = Source(service=PRINCIPAL, arn=alias_arn, account=alias_arn.split(":")[4])
    if not function_targets.permits(function_arn, source):
        raise FunctionFailedError(
            f"Invalid Bot Configuration: Access denied while invoking lambda function "
            f"{function_arn} from {alias_arn}. Please check the policy on this function."
        )
    done = function_targets.call(function_arn, event, source)
    if done.refused is not None:
        raise FunctionFailedError(
            f"Invalid Lambda Response: Received error response from Lambda: {done.refused}"
        )
    return done.result
