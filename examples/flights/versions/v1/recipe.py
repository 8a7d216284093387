"""How version 1 is trained."""

from collections.abc import Sequence

from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from examples.flights.dataset import Flight
from examples.flights.training import Trained, categories, fit
from examples.flights.versions.v1.features import vector

SERVED = {"features.py": "v1/features.py"}


def train(flights: Sequence[Flight]) -> Trained:
    """The model and its own offline figures."""
    tables = {
        "origins": categories(flights, "origin"),
        "carriers": categories(flights, "carrier"),
    }
    rows = [vector(flight.features, tables) for flight in flights]
    estimator = make_pipeline(StandardScaler(), LogisticRegression())
    return fit(estimator, tables, rows, [flight.label for flight in flights])
