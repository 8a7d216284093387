"""The harness counts what rules do with releases, and shows it."""

import xml.etree.ElementTree as ET
from dataclasses import replace
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console
from scipy import stats

from bench.judge import picture
from bench.judge.__main__ import main
from bench.judge.cost import Cost, cost
from bench.judge.figures import Cell, cell
from bench.judge.intervals import clopper_pearson
from bench.judge.look import look
from bench.judge.measure import RULES, Runs, measure, play, rule_named, seed_of
from bench.judge.oracle import oracle
from bench.judge.peers import ztest
from bench.judge.product import JUDGE
from bench.judge.report import show
from bench.judge.results import Results, read, results_of, write
from bench.judge.rules import NEVER, Decisions, Rule, first
from bench.judge.scenarios import named
from bench.judge.simulate import simulate

OUTAGE, ONSET = "total outage", "errors 1 -> 3 % after 60 min"


def _runs(scenario: str, looks: list[int], requests: list[int]) -> Runs:
    return Runs(
        rule=JUDGE.name,
        scenario=scenario,
        rolled_back=np.asarray(looks),
        promoted=np.full(len(looks), NEVER),
        requests=np.asarray(requests),
    )


def _always_at(at: int) -> Rule:
    """A rule that rolls every release back at one look."""
    return Rule(
        name="always",
        documented="here",
        decide=lambda recorded: Decisions(rolled_back=np.full(recorded.runs, at)),
    )


@pytest.mark.parametrize(("count", "of"), [(0, 20), (1, 20), (7, 20), (20, 20), (13, 2_200)])
def test_intervals_are_exact(count: int, of: int):
    """They agree with scipy's exact binomial interval."""
    expected = stats.binomtest(count, of).proportion_ci(method="exact")
    assert clopper_pearson(count, of) == pytest.approx((expected.low, expected.high), abs=1e-9)


def test_an_interval_of_impossible_counts_is_refused():
    """More than all is no share."""
    with pytest.raises(ValueError, match="got 3 of 2"):
        clopper_pearson(3, 2)


def test_the_first_look_of_each_run_counts():
    """Later flags change nothing, and none at all is never."""
    flags = np.asarray([[False, True, True], [False, False, False]])
    assert first(flags).tolist() == [1, NEVER]


def test_requests_are_counted_from_the_onset_to_the_rollback():
    """Both looks are counted in; without a rollback all are."""
    recorded = simulate(named(ONSET), 2, 5)
    onset = recorded.scenario.onset
    served = recorded.candidate.requests
    assert play(recorded, _always_at(70)).requests.tolist() == served[:, onset:71].sum(1).tolist()
    assert play(recorded, _always_at(NEVER)).requests.tolist() == served[:, onset:].sum(1).tolist()


def test_a_rollback_before_the_onset_is_early():
    """It is neither power nor speed."""
    found = cell(_runs(ONSET, [10, 70, 80, NEVER], [15, 165, 315, 2_700]))
    assert (found.early, found.rolled_back.count, found.rolled_back.of) == (1, 2, 3)
    assert found.median_requests == 315
    assert found.median_looks == 21
    assert found.mean_requests == pytest.approx((165 + 315 + 2_700) / 3)


def test_the_ratio_is_of_medians():
    """The median request count over the oracle's of that scenario."""
    found = cell(_runs(OUTAGE, [0, 0, 1], [2, 3, 9]))
    assert found.ratio == 3 / oracle(named(OUTAGE)).median_requests


def test_a_median_needs_half_of_the_releases():
    """Where most are missed there is none, and no ratio."""
    found = cell(_runs(OUTAGE, [3, NEVER, NEVER], [9, 700, 700]))
    assert (found.median_requests, found.ratio) == (None, None)


def test_releases_that_all_end_early_have_no_exposure():
    """Nothing is known of harm that was never served."""
    found = cell(_runs(ONSET, [3, 5], [1, 1]))
    assert (found.mean_requests, found.rolled_back.of, found.early) == (None, 0, 2)


def test_harm_that_a_rule_does_not_watch_has_no_ratio():
    """A rollback for another reason is not a detection."""
    runs = replace(_runs("wrong 10 -> 20 %", [3, 5], [20, 30]), rule="Argo docs")
    found = cell(runs)
    assert (found.watched, found.ratio) == (False, None)


def test_each_part_of_each_scenario_has_a_seed_of_its_own():
    """Neither name, number nor seed may be mistaken for another."""
    seeds = {
        seed_of(name, number, seed=seed)
        for name in (OUTAGE, ONSET)
        for number in range(3)
        for seed in range(3)
    }
    assert len(seeds) == 18


def test_figures_do_not_depend_on_what_else_is_measured():
    """The same releases, whatever rules and scenarios are measured with them, on two processes."""
    told: list[tuple[str, int, int]] = []
    both = measure(
        [named(ONSET), named(OUTAGE)],
        [ztest.PEEKED, rule_named("Kayenta hourly")],
        runs=25,
        seed=9,
        processes=2,
        told=lambda *progress: told.append(progress),
    )
    alone = measure(
        [named(OUTAGE)], [ztest.PEEKED], runs=25, seed=9, processes=1, told=lambda *_: None
    )
    assert [(one.rule, one.scenario) for one in both[:2]] == [
        (ztest.PEEKED.name, ONSET),
        (ztest.PEEKED.name, OUTAGE),
    ]
    assert both[1].requests.tolist() == alone[0].requests.tolist()
    assert told[-1] == ("releases", 4, 4)


def test_the_judge_ends_outages_and_notes_promotions():
    """Every outage is rolled back soon, and what would be promoted is watched to the end."""
    outage = JUDGE.decide(simulate(named(OUTAGE), 3, 1))
    assert (outage.rolled_back < 10).all()
    assert outage.promoted is not None
    assert (outage.promoted == NEVER).all()


def test_an_unknown_rule_is_refused():
    """The message names those that there are."""
    with pytest.raises(ValueError, match="there are: judge, CloudWatch"):
        rule_named("coin")


def test_an_unknown_scenario_is_a_fault_of_the_command(capsys: pytest.CaptureFixture[str]):
    """The exit code tells, and the words say which ones exist."""
    assert main(["--scenario", "nothing"]) == 2
    assert "unknown scenario 'nothing'" in capsys.readouterr().err


def test_the_command_explains_itself(capsys: pytest.CaptureFixture[str]):
    """Help names every rule, percent signs and all."""
    with pytest.raises(SystemExit):
        main(["--help"])
    told = " ".join(capsys.readouterr().out.split())
    assert all(rule.name in told for rule in RULES)


def test_a_small_run_leaves_the_kept_figures_alone(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
):
    """Some rules on some scenarios are printed, and written where asked."""
    file = tmp_path / "results.json"
    asked = ["--rules", "z-test peeking", "--families", "outcomes", "--runs", "3"]
    assert main([*asked, "--json", str(file)]) == 0
    printed = capsys.readouterr()
    assert "wrong 10 -> 13 %, half" in printed.out
    assert "stay as they are" in printed.err
    assert {one.scenario for one in read(file).cells} >= {"wrong 10 -> 20 %"}


def test_looking_at_a_scenario_gives_the_reason():
    """The verdict's sentence and the evidence over its limits are printed."""
    shown = StringIO()
    look(named(OUTAGE), JUDGE, Console(file=shown, width=150), runs=2, seed=1)
    assert "rolled back: 2 of 2" in shown.getvalue()
    assert "release 0: roll-back: " in shown.getvalue()


@pytest.fixture(scope="module")
def results() -> Results:
    """A few releases of three scenarios under all rules but the judge, who takes longer."""
    scenarios = [named(OUTAGE), named(ONSET), named("stationary")]
    rules = RULES[1:]
    found = [play(simulate(scenario, 4, 2), rule) for rule in rules for scenario in scenarios]
    spent = Cost(
        step_milliseconds=1.0,
        step_scenario="stationary",
        slowest_milliseconds=2.0,
        state_bytes=3,
        state_scenario="stationary",
        import_milliseconds=4.0,
    )
    return results_of(found, runs=4, seed=2, cost=spent)


def test_results_are_read_as_they_were_written(results: Results, tmp_path: Path):
    """Tables and picture can be made again from the file, to six digits."""
    file = tmp_path / "results.json"
    write(results, file)
    again = read(file)
    assert again.rules == results.rules
    assert _plain(again.cells) == _plain(results.cells)


def _plain(cells: tuple[Cell, ...]) -> list[tuple]:
    return [
        (one.rule, one.scenario, one.family, one.early, one.rolled_back.count, one.median_requests)
        for one in cells
    ]


def test_the_tables_show_every_rule_and_scenario(results: Results):
    """None is left out."""
    shown = StringIO()
    show(results, Console(file=shown, width=200))
    for name in (*results.rules, OUTAGE, ONSET, "stationary"):
        assert name in shown.getvalue()


def test_the_picture_has_a_mark_for_every_figure(results: Results):
    """Every harmless scenario on the left, every one found on the right, and it is sound XML."""
    drawn = ET.fromstring(picture.draw(results))  # noqa: S314 - our own text
    marks = drawn.findall("{http://www.w3.org/2000/svg}path")
    harmless = sum(one.scenario == "stationary" for one in results.cells)
    found = sum(one.ratio is not None for one in results.cells)
    legend = 4
    assert len(marks) == harmless + found + legend


def test_the_cost_of_a_step_is_measured():
    """Time, state and import are all there and of a plausible size."""
    spent = cost(("low traffic",), seed=1, imports=1)
    assert 0 < spent.step_milliseconds <= spent.slowest_milliseconds
    assert 100 < spent.state_bytes < 1_000_000
    assert 0 < spent.import_milliseconds < 5_000
