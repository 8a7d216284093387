"""A budget of the account, by which AWS itself tells what was spent."""

from stacks.components.blueprint import Blueprint
from stacks.project.spec import BudgetSpec

BUDGET = "Budget"
_SPENT_PERCENT = 80
_FORECAST_PERCENT = 100


def add_budget(blueprint: Blueprint, budget: BudgetSpec | None) -> None:
    """AWS Budgets watches the account, where somebody listens.

    It is of the whole account: costs of one stack are known only where cost allocation tags are
    activated, which no template can do.
    """
    if budget is None or not budget.notify:
        return
    people = [{"SubscriptionType": "EMAIL", "Address": address} for address in budget.notify]
    limits = (("ACTUAL", _SPENT_PERCENT), ("FORECASTED", _FORECAST_PERCENT))
    blueprint.add(
        BUDGET,
        "AWS::Budgets::Budget",
        {
            "Budget": {
                "BudgetType": "COST",
                "TimeUnit": "MONTHLY",
                "BudgetLimit": {"Amount": budget.usd_a_month, "Unit": "USD"},
            },
            "NotificationsWithSubscribers": [
                {
                    "Notification": {
                        "NotificationType": kind,
                        "ComparisonOperator": "GREATER_THAN",
                        "Threshold": percent,
                        "ThresholdType": "PERCENTAGE",
                    },
                    "Subscribers": people,
                }
                for kind, percent in limits
            ],
        },
    )
