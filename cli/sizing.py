"""Whether a release that starts has the time to see the harm its plan names: a warning, no refusal.

The traffic is what the model had of late, or what the operator says. Whatever cannot be read is
said, and stops nobody.
"""

from dataclasses import dataclass
from typing import Any

from cli.ab_sizing import ab_remark
from cli.deployed import Deployed
from cli.recent import UNREADABLE, recent_traffic
from cli.simulation.advice import Advice, advise
from cli.simulation.figures import Basis, Given, basis_of
from cli.simulation.observed import Observed
from tidegate.plan import ReleasePlan


@dataclass(frozen=True, slots=True, kw_only=True)
class Sizing:
    """What can be said of a plan at the present traffic. `unknown` is why nothing can.

    Of an A/B test it is what there is to say of its horizon.
    """

    basis: Basis | None = None
    advice: Advice | None = None
    unknown: str | None = None

    def remarks(self) -> tuple[str, ...]:
        """Sentences for whoever starts the release; empty when all is well."""
        if self.advice is None:
            return () if self.unknown is None else (self.unknown,)
        return self.advice.warnings()

    def to_json(self) -> dict[str, Any]:
        """The same in JSON types: `warnings` is empty when all is well."""
        figures = () if self.basis is None else self.basis.figures
        return {
            "basis": [
                {"name": figure.name, "value": figure.text, "source": figure.source.value}
                for figure in figures
            ],
            "estimate": None if self.advice is None else self.advice.to_json(),
            "warnings": list(self.remarks()),
        }


def size_up(deployed: Deployed, model: str, *, requests_per_minute: float | None) -> Sizing:
    """What the model's recent traffic, or the rate given, means for its deployed plan."""
    declaration = deployed.store.declaration(model)
    if declaration is None:
        return Sizing()
    observed, why = _observed(deployed, model, declaration.plan)
    given = Given(requests_per_minute=requests_per_minute)
    basis = basis_of(given, observed=observed, plan=declaration.plan)
    if basis is None:
        return Sizing(
            unknown=f"whether the plan has the time it needs is not known: {why}; "
            f"'tidegate simulate {model} --requests-per-minute N' tells it for a traffic you expect"
        )
    if declaration.plan.ab_test is not None:
        rate = basis.traffic.requests_per_minute
        return Sizing(basis=basis, unknown=ab_remark(declaration.plan, requests_per_minute=rate))
    return Sizing(basis=basis, advice=advise(declaration.plan, basis.traffic))


def _observed(deployed: Deployed, model: str, plan: ReleasePlan) -> tuple[Observed | None, str]:
    try:
        observed = recent_traffic(deployed, model, plan=plan)
    except UNREADABLE as error:
        return None, f"the traffic of {model} cannot be read ({error})"
    return observed, f"{model} had no request in the last hour"
