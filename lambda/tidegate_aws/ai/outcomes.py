"""Outcomes of models, as files of the stage's bucket of outcomes, which are credited by import."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class OutcomeFiles:
    """Port `Outcomes`; `service` begins the names of files."""

    client: Any
    bucket: str
    service: str

    def tell(self, name: str, outcomes: Mapping[str, bool]) -> None:
        """The file is there; an import of the same name and content changes nothing."""
        lines = [
            json.dumps({"prediction_id": id_, "wrong": wrong}) for id_, wrong in outcomes.items()
        ]
        self.client.put_object(
            Bucket=self.bucket,
            Key=f"{self.service}/{name}.jsonl",
            Body="".join(f"{line}\n" for line in lines).encode(),
            ContentType="application/x-ndjson",
        )
