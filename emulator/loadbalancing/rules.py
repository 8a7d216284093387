"""Operations on rules of listeners."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from emulator.loadbalancing.actions import normal_actions
from emulator.loadbalancing.balancers import tags_of
from emulator.loadbalancing.conditions import normal_condition
from emulator.loadbalancing.errors import BalancingError, invalid, not_emulated
from emulator.loadbalancing.store import Entry, Json, Store, Tenant

PRIORITIES = (1, 50000)


@dataclass(frozen=True, slots=True, kw_only=True)
class RuleOperations:
    """Makes, shows, changes and deletes rules; the next request is handled by them."""

    store: Store

    def create(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The rule is tried in its turn."""
        listener = self._listener(request["ListenerArn"])
        priority = request["Priority"]
        self._check_priority(listener.arn, priority, None)
        shape = self._checked(listener, request)
        start = listener.arn.replace(":listener/", ":listener-rule/", 1)
        arn = f"{start}/{uuid.uuid4().hex[:16]}"
        shape |= {"RuleArn": arn, "Priority": str(priority), "IsDefault": False}
        self.store.rules[arn] = Entry(arn=arn, shape=shape, tags=tags_of(request))
        return {"Rules": [shape]}

    def describe(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The listener's in the order in which they are tried, or those asked for by ARN."""
        if request.get("RuleArns"):
            return {"Rules": [self.get(arn).shape for arn in request["RuleArns"]]}
        if "ListenerArn" not in request:
            raise invalid("either ListenerArn or RuleArns is required")
        listener = self._listener(request["ListenerArn"])
        return {"Rules": [rule.shape for rule in self.store.rules_of(listener.arn)]}

    def modify(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The rule has the conditions and actions asked for; what is not named stays."""
        rule = self._changeable(request["RuleArn"])
        asked = {**rule.shape, **request}
        rule.shape |= self._checked(self._listener(_listener_of(rule.arn)), asked)
        return {"Rules": [rule.shape]}

    def delete(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """The rule is gone; the default one goes only with its listener."""
        if request["RuleArn"] in self.store.rules:
            del self.store.rules[self._changeable(request["RuleArn"]).arn]
        return {}

    def set_priorities(self, _tenant: Tenant, request: Mapping[str, Any]) -> Json:
        """All rules named have their new priorities, or none."""
        wanted = {pair["RuleArn"]: pair["Priority"] for pair in request["RulePriorities"]}
        rules = [self._changeable(arn) for arn in wanted]
        before = {rule.arn: rule.shape["Priority"] for rule in rules}
        try:
            for rule in rules:
                rule.shape["Priority"] = ""
            for rule in rules:
                self._check_priority(_listener_of(rule.arn), wanted[rule.arn], rule)
                rule.shape["Priority"] = str(wanted[rule.arn])
        except BalancingError:
            for rule in rules:
                rule.shape["Priority"] = before[rule.arn]
            raise
        return {"Rules": [rule.shape for rule in rules]}

    def get(self, arn: str) -> Entry:
        """The rule; BalancingError if there is none."""
        entry = self.store.rules.get(arn)
        if entry is None:
            raise BalancingError("RuleNotFound", f"Rule '{arn}' not found")
        return entry

    def _changeable(self, arn: str) -> Entry:
        rule = self.get(arn)
        if rule.shape["IsDefault"]:
            raise BalancingError(
                "OperationNotPermitted", f"Default rule '{arn}' goes with its listener"
            )
        return rule

    def _listener(self, arn: str) -> Entry:
        entry = self.store.listeners.get(arn)
        if entry is None:
            raise BalancingError("ListenerNotFound", f"Listener '{arn}' not found")
        return entry

    def _checked(self, listener: Entry, request: Mapping[str, Any]) -> Json:
        if request.get("Transforms"):
            raise not_emulated("Transforms of a rule")
        if not request["Conditions"]:
            raise invalid("a rule needs at least one condition")
        protocol = listener.shape["Protocol"]
        return {
            "Conditions": [normal_condition(condition) for condition in request["Conditions"]],
            "Actions": normal_actions(
                request["Actions"], protocol=protocol, groups=self.store.groups
            ),
        }

    def _check_priority(self, listener_arn: str, priority: int, own: Entry | None) -> None:
        low, high = PRIORITIES
        if not low <= priority <= high:
            raise invalid(f"Priority must be {low} to {high}, got {priority}")
        for rule in self.store.rules_of(listener_arn):
            if rule is not own and rule.shape["Priority"] == str(priority):
                raise BalancingError("PriorityInUse", f"Priority '{priority}' is currently in use")


def _listener_of(rule_arn: str) -> str:
    return rule_arn.rpartition("/")[0].replace(":listener-rule/", ":listener/", 1)
