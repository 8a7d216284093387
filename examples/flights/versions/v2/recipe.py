"""How version 2 is trained."""

from collections.abc import Sequence

from sklearn.ensemble import GradientBoostingClassifier

from examples.flights.dataset import Flight
from examples.flights.training import Trained, categories, fit, usual_air_minutes
from examples.flights.versions.v2.features import vector

SERVED = {"features.py": "v2/features.py"}
SEED = 2


def train(flights: Sequence[Flight]) -> Trained:
    """The model and its own offline figures."""
    tables = {
        "origins": categories(flights, "origin"),
        "carriers": categories(flights, "carrier"),
        "air_minutes": usual_air_minutes(flights),
    }
    rows = [vector(flight.features, tables) for flight in flights]
    estimator = GradientBoostingClassifier(
        n_estimators=150,
        learning_rate=0.06,
        max_depth=4,
        max_features=0.4,
        min_samples_leaf=20,
        subsample=0.7,
        random_state=SEED,
    )
    return fit(estimator, tables, rows, [flight.label for flight in flights])
