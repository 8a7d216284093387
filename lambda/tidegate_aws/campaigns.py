"""Campaigns of Personalize, which no stack makes, and which end with their solution."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from tidegate.errors import TidegateError
from tidegate_aws.errors import code_of

_ABSENT = "ResourceNotFoundException"
_BUSY = "ResourceInUseException"
_LOOK_SECONDS = 10


class CampaignStaysError(TidegateError):
    """A campaign was not gone in the time that there was: whoever deletes it asks again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Campaign:
    """A campaign by its ARN, whether it is there or not."""

    client: Any
    arn: str
    pause: Callable[[float], None]

    def end(self, *, out_of_time: Callable[[], bool]) -> None:
        """There is none; CampaignStaysError when that takes too long.

        One that is being made or updated cannot be deleted yet (DeleteCampaign).
        """
        while self._goes():
            if out_of_time():
                raise CampaignStaysError(f"{self.arn} is not gone yet: delete the stack again")
            self.pause(_LOOK_SECONDS)

    def _goes(self) -> bool:
        """Whether it is still there; its end has been asked for then, as far as that goes."""
        try:
            told = self.client.describe_campaign(campaignArn=self.arn)["campaign"]
            if not str(told["status"]).startswith("DELETE"):
                self.client.delete_campaign(campaignArn=self.arn)
        except ClientError as error:
            if code_of(error) == _ABSENT:
                return False
            if code_of(error) != _BUSY:
                raise
        return True
