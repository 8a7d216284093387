"""Collect: what SageMaker tells of an asynchronous request is counted, exactly once.

The line of the request log is written for people, in this function's own log group; what the judge
sees is counted here, because the log of the front door knows nothing of answers.
"""

import sys
from typing import Any

from collect_answer.events import Collected, notices
from tidegate.collecting import answered_line
from tidegate.requestlog import tally
from tidegate.users import once_a_user
from tidegate_aws.settings import Variable
from tidegate_aws.world import world

_NEEDS = (Variable.OBSERVATION_TABLE,)


def handle(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """What became of the notices; an error makes SNS deliver them again."""
    ports = world(_NEEDS)
    counted = known = nobody = 0
    for notice in notices(event):
        line = answered_line(notice, ports.answers.ticket(notice.bucket, notice.inference_id))
        if line is None:
            nobody += 1
            sys.stderr.write(f"no ticket for a result of {notice.endpoint_name}, not counted\n")
            continue
        lines = once_a_user([line], ports.firsts)
        if ports.counters.add(f"answer-{notice.inference_id}", tally(lines)):
            counted += 1
            sys.stdout.write(f"{line.to_line()}\n")
        else:
            known += 1
    return Collected(counted=counted, known=known, nobody=nobody).to_json()
