"""Promotion over the life of a document: won, lost, gone back, moved, on data that changes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from farandole.api import RESULTS, ExitCode, Outcome, identity
from farandole.api.progress import SILENT
from farandole.data.row import Row
from farandole.registry import lineage
from farandole.steps import prepare
from farandole.steps.judging.contest import new_to, only_data_changed
from tests.support.step_chains import Chain, document

FIRST = {"dense": {"units": 2, "activation": {"relu": {}}}}
WIDE = {"dense": {"units": 24, "activation": {"relu": {}}}}
FAST = {"adam": {"learningRate": 0.02}}


def rows(count: int, seed: int, shift: float = 0.0) -> Any:
    """Return rows whose class is a ring around the middle, with a line that helps a little."""
    chance = np.random.default_rng(seed)
    a, b, c = chance.normal(size=(3, count))
    inside = a**2 + b**2 + 0.7 * c + 0.2 * chance.normal(size=count) > 1.4
    return pd.DataFrame({"a": a, "b": b, "c": c + shift, "y": np.where(inside, "yes", "no")}).round(
        4
    )


def recipe(layers: list[Any], optimizer: Any, epochs: int, **data: Any) -> dict[str, Any]:
    return {
        "task": {"kind": "TabularClassification"},
        "data": {"table": "rows.csv", "target": {"column": "y"}, **data},
        "network": {"layers": layers},
        "training": {"epochs": epochs, "optimizer": optimizer, "globalBatch": 64, "lanes": 1},
    }


GOOD = recipe([FIRST], FAST, 4)
BETTER = recipe([WIDE, WIDE], FAST, 6)
WORSE = recipe([FIRST], FAST, 3)


@pytest.fixture(name="chain", scope="module")
def _chain(tmp_path_factory: pytest.TempPathFactory) -> Chain:
    folder = tmp_path_factory.mktemp("champion")
    rows(3000, 0).to_csv(folder / "rows.csv", index=False)
    chain = Chain(folder)
    assert chain.run(GOOD).version == "1"
    assert chain.serving() == 1
    return chain


@pytest.fixture(name="won", scope="module")
def _won(chain: Chain) -> Outcome:
    """The better recipe, judged against the first."""
    return chain.run(BETTER)


@pytest.fixture(autouse=True)
def _served(chain: Chain, won: Outcome) -> None:
    """Let every test begin with the second version served, as a revert to its document does."""
    assert chain.run(BETTER).version == won.version == "2"


def test_a_better_recipe_takes_the_alias_on_test_rows_that_neither_has_seen(
    chain: Chain, won: Outcome
) -> None:
    findings = chain.findings(won)
    champion = findings.decision.champion
    assert champion is not None
    assert champion.comparable
    assert champion.rows == findings.held_rows  # the same split: the first saw none of them
    assert (won.verdict, won.alias, champion.minimum_gain) == ("Promoted", "champion", 0.0)
    assert won.gains["champion (version 1)"].low > 0
    assert (chain.serving(), chain.serving(alias="champion-previous")) == (2, 1)


def test_a_worse_recipe_is_registered_and_leaves_the_alias(chain: Chain) -> None:
    lost = chain.run(WORSE)
    assert (lost.verdict, lost.exit_code, lost.alias) == ("ChampionWon", ExitCode.REFUSED, None)
    assert lost.gains["linear"].low > 0
    assert lost.version is not None
    assert chain.serving() == 2
    elsewhere = chain.run(WORSE, registeredModel="others")
    assert "raise training.seed" in elsewhere.sentence
    assert (elsewhere.exit_code, chain.serving("others")) == (ExitCode.REFUSED, None)


def test_a_revert_points_the_alias_back_and_trains_nothing(chain: Chain) -> None:
    before = chain.trained
    back = chain.run(GOOD)
    assert (back.version, back.alias, chain.trained) == ("1", "champion", before)
    assert (chain.serving(), chain.serving(alias="champion-previous")) == (1, 2)


def test_a_revert_under_new_file_times_points_the_alias_back_too(chain: Chain) -> None:
    (chain.folder / "copied.csv").write_bytes((chain.folder / "rows.csv").read_bytes())
    copied = document({**GOOD, "data": {**GOOD["data"], "table": "copied.csv"}}, {})
    prepared = prepare.run(chain.parameters(copied), SILENT)
    assert prepared.trained == "Promoted"
    assert chain.serving() == 1


def test_a_kill_between_the_alias_and_the_outcome_ends_as_if_there_was_none(
    chain: Chain, won: Outcome
) -> None:
    chain.store.delete(f"runs/{won.identity}/outcome.json")
    again = chain.run(BETTER)
    assert (again.verdict, again.version, again.gains) == (won.verdict, won.version, won.gains)
    versions = chain.tracker().versions("rows")
    assert [each.number for each in versions if each.identity == won.identity] == [2]
    assert chain.serving() == 2


def test_another_alias_is_given_to_what_was_promoted_before(chain: Chain, won: Outcome) -> None:
    staged = chain.run(BETTER, alias="staging")
    assert (staged.alias, staged.version) == ("staging", won.version)
    assert (chain.serving(alias="staging"), chain.serving()) == (2, 2)


def test_another_registered_model_gets_the_same_version(chain: Chain) -> None:
    before = chain.trained
    for _ in range(2):
        moved = chain.run(BETTER, registeredModel="moved")
        assert (moved.registered_model, moved.version, moved.alias) == ("moved", "1", "champion")
    assert (chain.serving("moved"), chain.trained) == (1, before)
    copy = chain.tracker().version("moved", 1)
    assert copy is not None
    assert (chain.tracker().fetch(copy) / "MLmodel").is_file()


def test_an_alias_that_serves_what_it_was_never_compared_with_is_left_to_a_person(
    chain: Chain,
) -> None:
    chain.run(BETTER, registeredModel="taken")
    came = chain.run(GOOD, registeredModel="taken")
    assert (came.verdict, came.exit_code, came.alias) == ("NotComparable", ExitCode.REFUSED, None)
    assert "was not compared" in came.sentence
    assert chain.serving("taken") == 1


def test_a_person_promotes_where_the_mode_is_manual(chain: Chain) -> None:
    best = {**BETTER, "training": {**BETTER["training"], "epochs": 12}}
    lenient = {"gate": {"minimumGain": -0.5}}
    waits = chain.run(best, mode="Manual", **lenient)
    assert (waits.verdict, waits.exit_code, waits.alias) == ("ManualPromotion", ExitCode.OK, None)
    assert chain.serving() == 2
    reverted = chain.run(GOOD, mode="Manual")
    assert (reverted.exit_code, reverted.alias, chain.serving()) == (ExitCode.OK, None, 2)
    assert "promotion.mode is Manual" in reverted.sentence

    released = chain.run(best, **lenient)  # Automatic again, and what it was judged against serves
    assert (released.verdict, released.alias) == ("Promoted", "champion")
    assert str(chain.serving()) == waits.version
    chain.run(GOOD)
    assert chain.run(best, **lenient).verdict == "Promoted"
    assert str(chain.serving()) == waits.version


def test_another_split_is_judged_on_rows_that_the_champion_has_not_seen(chain: Chain) -> None:
    split = {"split": {"seed": 7}}
    other = chain.run({**GOOD, "data": {**GOOD["data"], **split}})
    champion, held = chain.findings(other).decision.champion, chain.findings(other).held_rows
    assert champion is not None
    serving = chain.tracker().version("rows", 2)
    assert serving is not None
    seen = lineage.read(chain.tracker(), serving).seen()
    mine = lineage.read(chain.tracker(), chain.version(other)).rows["test"].digests
    assert 50 <= champion.rows == len(set(mine) - seen) < held / 2


def test_a_row_whose_duplicate_the_champion_has_seen_is_not_new_to_it() -> None:
    held = [Row(digest, "", "", cluster) for digest, cluster in ("aA", "bA", "cC")]
    assert new_to({"a"}, tuple(held)).tolist() == [2]


def test_new_data_shows_its_drift_and_may_cost_a_hundredth_whatever_tuning_chose(
    chain: Chain,
) -> None:
    more = rows(6000, 1, shift=2.0).query("y == 'yes'")
    grown = pd.concat([pd.read_csv(chain.folder / "rows.csv"), more])
    grown.to_csv(chain.folder / "grown.csv", index=False)
    data = {**BETTER["data"], "table": "grown.csv"}
    fresh = chain.run({**BETTER, "data": data}, {"training.optimizer.adam.learningRate": 0.019})
    champion = chain.findings(fresh).decision.champion
    assert champion is not None
    assert (champion.version, champion.minimum_gain) == ("2", -0.01)
    said = chain.progress_path.read_text(encoding="utf-8")
    for told in (said, chain.page(fresh)):
        assert "since the champion was trained (PSI" in told
        assert "the mix of classes is" in told


def test_a_changed_builder_counts_as_a_changed_recipe() -> None:
    declared = document(GOOD, {}).spec.recipe
    champion = identity(declared, "data", "builder"), "data"
    assert only_data_changed(*champion, declared, "builder")
    assert not only_data_changed(*champion, declared, "another builder")
    assert not only_data_changed(*champion, document(BETTER, {}).spec.recipe, "builder")


def test_results_of_an_older_algorithm_are_no_answer(
    chain: Chain, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prepare.trained_before(document(BETTER, {}), chain.place) is not None
    monkeypatch.setattr("farandole.steps.prepare.RESULTS", RESULTS + 1)
    assert prepare.trained_before(document(BETTER, {}), chain.place) is None
