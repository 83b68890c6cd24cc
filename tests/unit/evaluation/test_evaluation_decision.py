"""The decision, and the sentences it is read aloud by."""

import json
from collections.abc import Sequence

import numpy as np
import pytest

from farandole.api.promotion import Gate
from farandole.evaluation import (
    ChampionComparison,
    Comparison,
    Decision,
    HeldOut,
    Objective,
    Predictions,
    Rival,
    against_champion,
    compare,
    constant,
    decide,
    incomparable,
    not_comparable,
    refuse_not_finite,
)
from tests.support.evaluation_rows import alone, balanced_rows, labelled, right_in, saying

GATE = Gate()
HELD = balanced_rows(300)
TASK = Objective("ImageClassification", "balancedAccuracy", ("animals", "food"))
GOOD, FAIR, POOR = (
    right_in(0.95, HELD.y),
    right_in(0.80, HELD.y, seed=1),
    right_in(0.50, HELD.y, seed=2),
)
DUMMY = Rival("dummy", "always the most frequent class", saying([0] * 300))


def against(candidate: Predictions, linear: Predictions, *more: Rival) -> Comparison:
    rival = Rival("linear", "logistic regression on 32x32 pixels", linear)
    return compare("balancedAccuracy", HELD, candidate, [DUMMY, rival, *more])


def champion(
    candidate: Predictions, rival: Predictions, gate: Gate = GATE, recipe_changed: bool = True
) -> ChampionComparison:
    return against_champion(
        "balancedAccuracy", "3", HELD, candidate, rival, gate, recipe_changed=recipe_changed
    )


def test_a_model_that_beats_its_best_baseline_is_promoted() -> None:
    decision = decide(against(GOOD, FAIR), champion=None)
    assert (decision.verdict, decision.promote) == ("Promoted", True)
    assert decision.headline == (
        "Promoted: balanced accuracy 0.927, 0.113 above the best baseline "
        "(95 % interval 0.060 to 0.169)."
    )
    assert decision.reasons == (
        "Balanced accuracy 0.927; best baseline (logistic regression on 32x32 pixels) 0.813; "
        "difference 0.113, 95 % interval [0.060, 0.169] over 300 clusters.",
    )


def test_a_model_worse_than_a_baseline_is_not() -> None:
    decision = decide(against(FAIR, GOOD), champion=None)
    assert (decision.verdict, decision.promote) == ("BaselineWon", False)
    assert decision.headline.startswith("Not promoted: the linear baseline is better")


def test_a_model_not_clearly_better_is_not_promoted_either() -> None:
    comparison = against(right_in(0.82, HELD.y, seed=3), FAIR)
    assert comparison.candidate.value > comparison.best_baseline.value
    decision = decide(comparison, champion=None)
    assert decision.verdict == "BaselineWon"
    assert "was not clearly beaten" in decision.headline


def test_the_dummy_gates_where_it_is_the_best_baseline() -> None:
    comparison = against(GOOD, right_in(0.3, HELD.y, seed=4))
    assert comparison.best_baseline.name == "dummy"


def test_a_reference_never_gates() -> None:
    probe = Rival("probe", "a linear probe", right_in(0.99, HELD.y, seed=5), gates=False)
    decision = decide(against(GOOD, FAIR, probe), champion=None)
    assert decision.verdict == "Promoted"
    assert decision.comparison is not None
    shown = decision.comparison.rival("probe")
    assert shown is not None
    assert shown.value > decision.comparison.candidate.value


def test_a_comparison_without_a_baseline_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one baseline that gates"):
        compare("balancedAccuracy", HELD, GOOD, [Rival("probe", "", FAIR, gates=False)])


def test_smaller_errors_are_improvements_in_the_units_of_the_target() -> None:
    y = np.linspace(50_000, 500_000, 400)
    noise = np.random.default_rng(0).normal(0, 1, (2, 400))
    near, far = (
        Predictions(y + scale * each) for scale, each in zip((1e4, 4e4), noise, strict=True)
    )
    ridge = Rival("linear", "ridge regression on the encoded columns", far)
    comparison = compare("rmse", HeldOut(y, alone(400)), near, [ridge])
    decision = decide(comparison, champion=None)
    assert decision.verdict == "Promoted"
    assert "RMSE 9,958, 30,262 better" in decision.headline
    assert "; improvement " in decision.reasons[0]


def test_manual_promotion_waits_for_a_person() -> None:
    decision = decide(against(GOOD, FAIR), champion=None, manual=True)
    assert (decision.verdict, decision.promote) == ("ManualPromotion", False)
    assert decision.awaits_a_person
    assert decision.headline.startswith("A person promotes: balanced accuracy 0.927")


def test_a_better_model_takes_the_champions_place() -> None:
    decision = decide(against(GOOD, POOR), champion(GOOD, FAIR))
    assert decision.verdict == "Promoted"
    assert decision.reasons[1].startswith("Balanced accuracy 0.927; champion (version 3) 0.813; ")
    assert decision.reasons[1].endswith("over 300 clusters that neither has seen.")


def test_a_champion_that_is_not_beaten_stays() -> None:
    decision = decide(against(FAIR, POOR), champion(FAIR, GOOD))
    assert (decision.verdict, decision.promote) == ("ChampionWon", False)
    assert "the champion (version 3) keeps its place" in decision.headline


def test_a_champion_that_is_not_clearly_beaten_stays_too() -> None:
    close = champion(right_in(0.82, HELD.y, seed=3), FAIR)
    assert close.gain is not None
    assert close.gain.difference > 0 > close.gain.low
    assert not close.won


@pytest.mark.parametrize("recipe_changed, won", [(True, False), (False, True)])
def test_new_data_may_cost_a_hundredth_and_a_new_recipe_nothing(
    recipe_changed: bool, won: bool
) -> None:
    same = champion(GOOD, GOOD, recipe_changed=recipe_changed)
    assert same.won is won
    assert same.minimum_gain == (0 if recipe_changed else -0.01)


def test_new_data_may_cost_a_hundredth_of_an_error_in_the_targets_units() -> None:
    y = np.linspace(50_000, 500_000, 100)
    said = Predictions(y + 10_000)
    held = HeldOut(y, alone(100))
    same = against_champion("rmse", "3", held, said, said, GATE, recipe_changed=False)
    assert same.minimum_gain == pytest.approx(-100)
    assert same.won


def test_a_declared_gain_is_asked_for() -> None:
    assert champion(GOOD, FAIR, Gate(minimum_gain=0.05)).won
    assert not champion(GOOD, FAIR, Gate(minimum_gain=0.3)).won


def few(rows: int, of_food: int) -> HeldOut:
    return labelled([0] * (rows - of_food) + [1] * of_food)


@pytest.mark.parametrize(
    "other, rows, reason",
    [
        (TASK, None, "only 0 test rows were seen by neither, fewer than 50"),
        (TASK, few(49, 20), "only 49 test rows were seen by neither"),
        (TASK, few(80, 4), "only 4 rows of food were seen by neither, fewer than 5"),
        (Objective("TabularRegression", "rmse"), HELD, "its task is TabularRegression"),
        (
            Objective("ImageClassification", "accuracy", TASK.classes),
            HELD,
            "its metric is accuracy",
        ),
        (
            Objective("ImageClassification", "balancedAccuracy", ("animals", "cars")),
            HELD,
            "its classes differ (new: food; gone: cars)",
        ),
    ],
)
def test_models_that_cannot_be_compared_are_a_persons_to_judge(
    other: Objective, rows: HeldOut | None, reason: str
) -> None:
    found = not_comparable(TASK, other, rows)
    assert found is not None
    decision = decide(against(GOOD, FAIR), incomparable("3", found))
    assert (decision.verdict, decision.promote) == ("NotComparable", False)
    assert decision.awaits_a_person
    assert decision.headline.startswith(
        "A person decides: the champion (version 3) is not comparable"
    )
    assert reason in decision.headline


def test_enough_rows_of_the_same_contest_can_be_compared() -> None:
    assert not_comparable(TASK, TASK, few(50, 5)) is None


def test_a_model_that_says_one_class_is_refused_with_the_numbers() -> None:
    one = saying([0] * 300)
    sentence = constant("balancedAccuracy", HELD, one, TASK.classes)
    decision = decide(against(one, POOR), champion=None, constant=sentence)
    assert (decision.verdict, decision.promote) == ("ConstantPredictor", False)
    assert decision.headline == (
        "Not promoted: the model says animals for 300 of 300 rows; their true classes are "
        "animals 150, food 150."
    )
    assert "Balanced accuracy 0.500" in decision.reasons[1]


def test_a_model_that_says_one_value_is_refused_with_the_numbers() -> None:
    y = np.linspace(50_000, 500_000, 100)
    held, flat = HeldOut(y, alone(100)), Predictions(np.full(100, 180_000.0))
    assert constant("rmse", held, flat) == (
        "the model predicts 180,000 for all 100 rows, whose target runs from 50,000 to 500,000"
    )
    assert constant("rmse", held, Predictions(y + 1)) is None


def test_one_label_with_ranked_probabilities_is_constant_only_for_metrics_of_labels() -> None:
    p = 0.05 + 0.2 * np.random.default_rng(0).random(300)
    never = Predictions(np.stack([1 - p, p], axis=1))
    assert constant("balancedAccuracy", HELD, never) is not None
    assert constant("rocAuc", HELD, never) is None


def test_models_of_folds_that_are_each_constant_are_constant_together() -> None:
    folds = np.arange(300) % 3
    each_its_own = Predictions(folds.astype(np.float64))
    held = HeldOut(np.linspace(0, 9e3, 300), alone(300))
    assert constant("rmse", held, each_its_own) is None
    one_learns = Predictions(np.where(folds == 0, np.arange(300.0), 1000.0))
    assert constant("rmse", held, one_learns, folds=folds) is None
    assert constant("rmse", held, each_its_own, folds=folds) is not None


def test_rows_of_one_class_do_not_show_a_constant() -> None:
    assert constant("accuracy", labelled([1, 1, 1]), saying([1, 1, 1])) is None


def test_predictions_that_are_not_numbers_are_refused() -> None:
    broken = Predictions(np.array([[np.nan, np.nan], [0.5, 0.5]]))
    assert not broken.finite
    decision = refuse_not_finite(rows=2, bad=1)
    assert (decision.verdict, decision.promote) == ("NotFinite", False)
    assert decision.headline == "Not promoted: 1 of 2 predictions are not finite numbers."


@pytest.mark.parametrize(
    "decision",
    [
        decide(against(GOOD, FAIR), champion(GOOD, FAIR)),
        decide(against(FAIR, GOOD), incomparable("3", "why")),
        refuse_not_finite(rows=2, bad=1),
    ],
)
def test_a_decision_survives_json(decision: Decision) -> None:
    text = decision.model_dump_json()
    assert Decision.model_validate_json(text) == decision
    assert Decision.model_validate(json.loads(text)) == decision


def test_the_same_rows_give_the_same_decision() -> None:
    decisions: Sequence[Decision] = [decide(against(GOOD, FAIR), None) for _ in range(2)]
    assert decisions[0] == decisions[1]
