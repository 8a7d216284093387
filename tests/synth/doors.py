"""A project with two tracks behind DNS, in two regions: one model released so, one not."""

from tests.synth.assembly import PROJECT_FILE

_TOKENS = """\
      AUTHENTICATION
      jwt:
        issuer: https://id.example.com/shop
        audience: shop-models
        claims: { CLAIMS }
"""

DOORS_FILE = (
    PROJECT_FILE.replace(
        "  dev:\n    region: eu-west-1\n",
        "  dev:\n    region: eu-west-1\n    front_door:\n      kind: dns\n"
        "      domain: models.example.com\n      zone_id: Z0123456789\n"
        + _TOKENS.replace("AUTHENTICATION", "authentication: iam").replace(
            "CLAIMS", "scope: [predict], tenant: [a, b]"
        ),
    )
    .replace(
        "  prod:\n    region: eu-west-1\n",
        "  prod:\n    region: us-east-1\n    front_door:\n      kind: dns\n"
        "      domain: example.com\n      zone_id: Z9876543210\n"
        + _TOKENS.replace("AUTHENTICATION", "authentication: jwt").replace(
            "CLAIMS", "scope: [predict]"
        ),
    )
    .replace("sns:eu-west-1", "sns:us-east-1")
    .replace(
        "    data_capture: { percent: 10 }\n",
        "    data_capture: { percent: 10 }\n    release: { mechanism: dns }\n",
    )
)
"""Stage dev is of no known account, stage prod of one in another region."""
