"""Each algorithm that is not only recorded learns what there is, and answers in its form."""

import json

import numpy as np
import pytest

from emulator.algorithms import recordio
from emulator.algorithms.hyperparameters import CustomerError
from tests.unit.emulator.algorithms.conftest import Train, csv_of

pytestmark = pytest.mark.accept

RANDOM = np.random.default_rng(7)
BLOBS = np.vstack([RANDOM.normal(center, 0.3, (60, 2)) for center in ((0, 0), (5, 5), (0, 9))])
LABELS = np.repeat([0.0, 1.0, 2.0], 60)
UNLABELLED, LABELLED = "text/csv;label_size=0", "text/csv"
RECORDIO = "application/x-recordio-protobuf"


def labelled(rows: np.ndarray, labels: np.ndarray) -> str:
    """CSV whose first column is the label."""
    return csv_of(np.column_stack([labels, rows]))


def test_k_means_finds_the_groups(train: Train):
    """Points of one group get one cluster, those of another a different one; distances are true."""
    trained = train(
        "kmeans",
        {"k": "3", "feature_dim": "2"},
        {"train": (UNLABELLED, csv_of(BLOBS)), "test": (UNLABELLED, csv_of(BLOBS))},
    )
    assert trained.metric("test:msd") < 0.5
    found = trained.answer("0,0\n0.1,0\n5,5\n0,9\n")["predictions"]
    clusters = [each["closest_cluster"] for each in found]
    assert clusters[0] == clusters[1]
    assert len(set(clusters)) == 3
    assert found[0]["distance_to_cluster"] < 0.5


def test_neighbours_vote(train: Train):
    """The label of a point is that of the points around it."""
    trained = train(
        "knn",
        {"k": "5", "feature_dim": "2", "predictor_type": "classifier", "sample_size": "200"},
        {"train": (LABELLED, labelled(BLOBS, LABELS)), "test": (LABELLED, labelled(BLOBS, LABELS))},
    )
    assert trained.metric("test:accuracy") > 0.99
    assert trained.answer("5,5\n0,9\n") == {
        "predictions": [{"predicted_label": 1.0}, {"predicted_label": 2.0}]
    }


def test_components_point_where_the_data_goes(train: Train):
    """The largest component is the last of a projection."""
    line = np.column_stack([np.arange(50), 2 * np.arange(50), RANDOM.normal(0, 0.01, 50)])
    trained = train(
        "pca",
        {"feature_dim": "3", "num_components": "2", "mini_batch_size": "10"},
        {"train": (UNLABELLED, csv_of(line))},
    )
    found = trained.answer("0,0,0\n49,98,0\n")["projections"]
    first, last = (np.array(each["projection"]) for each in found)
    assert abs(last[1] - first[1]) == pytest.approx(np.hypot(49, 98), rel=1e-3)
    assert abs(last[0] - first[0]) < 0.1


def test_a_forest_scores_what_is_unusual_higher(train: Train):
    """A far point beats every common one, and its metrics are of labelled tests."""
    truths = np.concatenate([np.zeros(180), [1.0]])
    test = np.vstack([BLOBS, [[40.0, -40.0]]])
    trained = train(
        "randomcutforest",
        {"feature_dim": "2", "num_trees": "50"},
        {"train": (UNLABELLED, csv_of(BLOBS)), "test": (LABELLED, labelled(test, truths))},
    )
    scores = [each["score"] for each in trained.answer(csv_of(test))["scores"]]
    assert max(scores[:-1]) < scores[-1] <= 1.0
    assert trained.metric("test:f1") > 0.3


@pytest.mark.parametrize(
    ("predictor", "more", "metric"),
    [
        ("binary_classifier", {}, "test:binary_classification_accuracy"),
        ("multiclass_classifier", {"num_classes": "3"}, "test:multiclass_accuracy"),
    ],
)
def test_linear_classifiers_part_the_groups(
    train: Train, predictor: str, more: dict[str, str], metric: str
):
    """With a score and a label an answer."""
    kept = (2 if predictor == "binary_classifier" else 3) > LABELS
    data = labelled(BLOBS[kept], LABELS[kept])
    trained = train(
        "linear-learner",
        {"predictor_type": predictor, **more},
        {"train": (LABELLED, data), "test": (LABELLED, data)},
    )
    assert trained.metric(metric) > 0.98
    (found,) = trained.answer("5,5\n")["predictions"]
    assert found["predicted_label"] == 1
    score = found["score"]
    assert max(score if isinstance(score, list) else [score]) > 0.5


def test_a_linear_regressor_recovers_the_line(train: Train):
    """Its score is the value."""
    rows = RANDOM.normal(0, 1, (200, 2))
    data = labelled(rows, 3 * rows[:, 0] - 2 * rows[:, 1] + 5)
    trained = train(
        "linear-learner",
        {"predictor_type": "regressor", "feature_dim": "2"},
        {"train": (LABELLED, data), "validation": (LABELLED, data)},
    )
    assert trained.metric("validation:rmse") < 0.2
    (found,) = trained.answer("1,1\n")["predictions"]
    assert found == {"score": pytest.approx(6.0, abs=0.2)}


def test_factorization_machines_learn_pairs(train: Train):
    """What two features do together, which no linear model knows; data is RecordIO only."""
    rows = RANDOM.choice([-1.0, 1.0], (600, 4))
    labels = (rows[:, 0] * rows[:, 1] > 0).astype(float)
    body = recordio.write_rows(rows, labels)
    trained = train(
        "factorization-machines",
        {
            "feature_dim": "4",
            "num_factors": "4",
            "predictor_type": "binary_classifier",
            "epochs": "20",
            "mini_batch_size": "50",
            "factors_lr": "0.2",
            "factors_init_sigma": "0.1",
        },
        {"train": (RECORDIO, body), "test": (RECORDIO, body)},
    )
    assert trained.metric("test:binary_classification_accuracy") > 0.95
    asked = json.dumps(
        {"instances": [{"data": {"features": {"keys": [0, 1], "shape": [4], "values": [1, 1]}}}]}
    )
    (found,) = trained.answer(asked, sent="application/json")["predictions"]
    assert set(found) == {"score", "predicted_label"}


def test_topics_are_told_apart(train: Train):
    """Documents of other words have other mixtures."""
    documents = np.array([[5, 4, 0, 0], [6, 5, 0, 0], [0, 0, 5, 6], [0, 0, 4, 5]] * 10)
    trained = train(
        "lda",
        {"num_topics": "2", "feature_dim": "4", "mini_batch_size": "10", "alpha0": "0.1"},
        {"train": (UNLABELLED, csv_of(documents)), "test": (UNLABELLED, csv_of(documents))},
    )
    assert trained.metric("test:pwll") < 0
    found = [each["topic_mixture"] for each in trained.answer("5,5,0,0\n0,0,5,5\n")["predictions"]]
    assert int(np.argmax(found[0])) != int(np.argmax(found[1]))
    assert sum(found[0]) == pytest.approx(1.0)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"k": "0"}, "'0' is not valid for k"),
        ({"kay": "3"}, "'kay' was unexpected"),
        ({"k": "900"}, "k is 900, and there are 180 rows"),
        ({"feature_dim": "5"}, "feature_dim is 5, and the data of channel train has 2 features"),
    ],
)
def test_what_cannot_be_trained_is_told(train: Train, change: dict[str, str], told: str):
    """As the container does, before it trains."""
    with pytest.raises(CustomerError, match=told):
        train(
            "kmeans",
            {"k": "3", "feature_dim": "2"} | change,
            {"train": (UNLABELLED, csv_of(BLOBS))},
        )


def test_a_missing_hyperparameter_and_an_unknown_channel_are_told(train: Train):
    """With what there is instead."""
    with pytest.raises(CustomerError, match="'feature_dim' is a required property"):
        train("kmeans", {"k": "3"}, {"train": (UNLABELLED, csv_of(BLOBS))})
    with pytest.raises(CustomerError, match="unknown channels: training; missing channels: train"):
        train("kmeans", {"k": "3", "feature_dim": "2"}, {"training": (UNLABELLED, csv_of(BLOBS))})


def test_answers_come_in_three_forms_and_faults_as_400(train: Train):
    """JSON, JSON Lines, RecordIO; too few features and strange types are the client's fault."""
    trained = train(
        "kmeans", {"k": "3", "feature_dim": "2"}, {"train": (UNLABELLED, csv_of(BLOBS))}
    )
    lines = trained.ask("0,0\n5,5\n", accept="application/jsonlines").body.splitlines()
    assert [set(json.loads(line)) for line in lines] == [
        {"closest_cluster", "distance_to_cluster"}
    ] * 2
    answered = trained.ask("0,0\n", accept=RECORDIO)
    assert b"closest_cluster" in answered.body
    assert len([*recordio.read(answered.body)]) == 1
    assert trained.ask("1,2,3\n").status == 400
    assert trained.ask("1,2\n", sent="image/png").status == 400
    assert trained.ask("1,2\n", accept="image/png").status == 400
    assert trained.ask("").status == 204


def test_what_is_only_recorded_says_so(train: Train):
    """The job is checked, the artifact tells of it, and no answer is made up."""
    trained = train(
        "ipinsights",
        {"num_entity_vectors": "100", "vector_dim": "8"},
        {"train": ("text/csv", "user,10.0.0.1\n")},
    )
    told = json.loads((trained.base / "model" / "recorded.json").read_text())
    assert told["algorithm"] == "ipinsights"
    assert "trained nothing" in told["recorded"]
    answered = trained.ask("user,10.0.0.1\n")
    assert answered.status == 501
    assert b"recorded" in answered.body
    with pytest.raises(CustomerError, match="'2' is not valid for vector_dim"):
        train(
            "ipinsights",
            {"num_entity_vectors": "100", "vector_dim": "2"},
            {"train": ("text/csv", "user,10.0.0.1\n")},
        )
