"""Charts: round ticks inside the frame, points where they belong, words a person uses."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.report.charts.bars import bars
from farandole.report.charts.curves import learning_plots, tuning_plot
from farandole.report.charts.forest import forest
from farandole.report.charts.scale import Scale, scale_of
from farandole.report.charts.squares import roc_plot
from farandole.report.charts.stack import stack
from farandole.report.sections import Epoch, Learning, Observation, Spent, Trial, Tuning
from farandole.report.wording import count, duration, figure, percent, share, signed, words
from tests.support.report_runs import promoted, two_ranks

REAL = st.floats(-1e9, 1e9).filter(lambda value: value == 0 or abs(value) > 1e-6)


@given(values=st.lists(REAL, min_size=1, max_size=20), most=st.integers(2, 8))
def test_ticks_are_few_distinct_and_inside(values: list[float], most: int) -> None:
    scale = scale_of(values, start=58, end=460)
    ticks = scale.ticks(most)
    assert 1 <= len(ticks) <= most + 1
    assert len({tick.label for tick in ticks}) == len(ticks)
    assert all(58 <= tick.at <= 460 for tick in ticks)
    assert [tick.at for tick in ticks] == sorted(tick.at for tick in ticks)


@given(values=st.lists(REAL, min_size=2, max_size=20))
def test_more_is_farther_and_all_values_are_inside(values: list[float]) -> None:
    scale = scale_of(values, start=0, end=300)
    places = [scale(value) for value in sorted(values)]
    assert places == sorted(places)
    assert all(0 <= place <= 300 for place in places)


@pytest.mark.parametrize(
    "low, high, labels",
    [
        (0, 1, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
        (0, 100_000, ["0", "20k", "40k", "60k", "80k", "100k"]),
        (-1, 1, ["-1.0", "-0.5", "0.0", "0.5", "1.0"]),
        (0.955, 0.962, ["0.956", "0.958", "0.960", "0.962"]),
        (0, 2.5e6, ["0", "500k", "1M", "1.5M", "2M", "2.5M"]),
    ],
)
def test_ticks_are_at_round_values(low: float, high: float, labels: list[str]) -> None:
    assert [tick.label for tick in Scale(low, high, 0, 100).ticks()] == labels


def learning(epochs: int, best: int | None = None) -> Learning:
    history = tuple(Epoch(epoch=at + 1, train={"loss": 1 / (at + 1)}) for at in range(epochs))
    return Learning(history=history, best_epoch=best, sentence="")


def test_the_loss_comes_first_and_the_best_epoch_is_marked() -> None:
    found = promoted().learning
    assert found is not None
    loss, accuracy = learning_plots(found)
    assert (loss.title, accuracy.title) == ("Loss", "Accuracy")
    assert [line.kind for line in loss.lines] == ["train", "validation"]
    assert loss.rule is not None
    assert loss.rule.label == "best: 19"


def test_checkpoints_that_were_scored_beside_the_ring_are_a_third_line_at_their_own_epochs() -> (
    None
):
    observed = tuple(
        Observation(epoch=epoch, figures={"loss": 0.5, "balancedAccuracy": 0.9})
        for epoch in (0.5, 1.5, 4.0)
    )
    found = learning(4).model_copy(update={"observed": observed})
    loss, own = learning_plots(found)
    assert [line.kind for line in loss.lines] == ["train", "observed"]
    assert (own.title, [line.kind for line in own.lines]) == ("Balanced accuracy", ["observed"])
    at = [float(point.split(",")[0]) for point in loss.lines[1].points.split()]
    epochs = [float(point.split(",")[0]) for point in loss.lines[0].points.split()]
    assert at[0] < epochs[0] < at[1] < epochs[1]
    assert at[2] == epochs[3]


def test_one_epoch_is_a_dot() -> None:
    (plot,) = learning_plots(learning(1))
    assert [dot.kind for dot in plot.dots] == ["train"]


def test_ten_thousand_epochs_are_thinned_and_the_last_one_stays() -> None:
    (plot,) = learning_plots(learning(10_000))
    points = plot.lines[0].points.split()
    assert 250 < len(points) < 350
    assert float(points[-1].split(",")[0]) > 0.95 * plot.frame.x_end


def test_no_epochs_are_no_plots() -> None:
    assert learning_plots(learning(0)) == ()


def test_parts_of_a_phase_come_below_it_and_are_not_counted_twice() -> None:
    spent = (
        Spent(phase="prepare", seconds=10),
        Spent(phase="train", seconds=30),
        Spent(phase="evaluate", seconds=20),
        Spent(phase="step", seconds=24, within="train"),
        Spent(phase="input", seconds=3, within="train"),
    )
    found = bars(spent)
    assert found.total == 60
    assert [bar.phase for bar in found.bars] == ["prepare", "train", "step", "input", "evaluate"]
    assert [bar.part for bar in found.bars] == [False, False, True, True, False]
    assert found.bars[2].width == 80
    assert bars(spent[3:]).total == 27


def test_the_training_is_cut_into_all_of_its_time() -> None:
    ring = two_ranks()
    found = stack(ring)
    assert found.pieces[0].name == "computing"
    assert sum(piece.share for piece in found.pieces) == pytest.approx(1, abs=1e-3)
    assert "comparing weights" not in found.says
    assert stack(ring.model_copy(update={"total": 0.0})).pieces == ()


def tuning(*values: float | None, chosen: int = 0) -> Tuning:
    trials = tuple(Trial(number=at, parameters={}, value=each) for at, each in enumerate(values))
    return Tuning(metric="rmse", higher_is_better=False, trials=trials, chosen=chosen, sentence="")


def test_the_chosen_trial_is_drawn_over_the_others() -> None:
    plot = tuning_plot(tuning(0.5, 0.3, None, 0.4, chosen=1))
    assert plot is not None
    assert [dot.kind for dot in plot.dots] == ["default", "trial", "chosen"]


def test_trials_that_all_failed_have_no_plot() -> None:
    assert tuning_plot(tuning(None, None)) is None


def test_the_forest_is_in_the_order_of_what_gates_and_how_well() -> None:
    decision = promoted().decision
    assert decision.comparison is not None
    chart = forest(decision.comparison, decision.champion)
    assert [row.name for row in chart.rows] == [
        "model",
        "champion",
        "linear",
        "dummy",
        "probe",
        "size",
    ]
    linear = chart.rows[2]
    assert linear.gain_whisker is not None
    assert chart.zero < linear.gain_whisker.low < linear.gain_whisker.at
    assert linear.whisker.at == chart.best


def test_of_many_classes_the_roc_curves_with_the_least_area_are_drawn() -> None:
    one = promoted().roc[0]
    curves = [one.model_copy(update={"name": f"c{at}", "area": at / 20}) for at in range(20)]
    assert [line.name for line in roc_plot(curves).named] == [
        f"c{at}: area {at / 20:.3f}" for at in range(6)
    ]


@pytest.mark.parametrize(
    "said, expected",
    [
        (figure(0.9571), "0.957"),
        (figure(24310.4), "24,310"),
        (figure(42.123), "42.12"),
        (signed(-0.0123), "−0.012"),
        (signed(0.0), "0.000"),
        (signed(620), "+620"),
        (count(1234567), "1,234,567"),
        (share(0.1234), "12.3 %"),
        (percent(0.95), "95 %"),
        (percent(0.999), "99.9 %"),
        (duration(0.42), "0.4 s"),
        (duration(59.7), "1 min 00 s"),
        (duration(185), "3 min 05 s"),
        (duration(7800), "2 h 10 min"),
        (words("balancedAccuracy"), "balanced accuracy"),
        (words("rocAuc"), "ROC AUC"),
        (words("rmseLog"), "RMSE log"),
        (words("r2"), "R²"),
        (words("f1Macro"), "F1 macro"),
    ],
)
def test_figures_are_written_as_a_person_reads_them(said: str, expected: str) -> None:
    assert said == expected
