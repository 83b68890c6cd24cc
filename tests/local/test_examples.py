"""Every example, run as a person would run it, on a part of its data."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest

from farandole.api import Outcome
from tests.support.examples import (
    Ran,
    document,
    farandole,
    some_fashion,
    some_rows,
    some_stamps,
)

pytestmark = [pytest.mark.slow, pytest.mark.ring]

SHORT = {"training": {"epochs": 3}}


@dataclass(frozen=True)
class Example:
    """One finished example: where its state is, its document, and what it said."""

    state: Path
    document: Path
    ran: Ran
    outcome: Outcome

    @property
    def value(self) -> float:
        assert self.outcome.value is not None
        return self.outcome.value

    def run(self, *arguments: str) -> Ran:
        return farandole(*arguments, "--state", self.state)


def ran(folder: Path, path: Path) -> Example:
    state = folder / "state"
    done = farandole("run", path, "--state", state, "--json")
    assert done.code in (0, 3), done.err
    told = done.answer().items()
    answer = {name: value for name, value in told if name in Outcome.model_fields}
    outcome = Outcome.model_validate_json(json.dumps(answer))
    return Example(state, path, done, outcome)


@pytest.fixture(scope="module")
def stamps(tmp_path_factory: pytest.TempPathFactory) -> Example:
    folder = tmp_path_factory.mktemp("stamps")
    data = some_stamps(folder, of_a_class=36)
    return ran(folder, document(folder, "01-smallest.yaml", data))


def test_the_smallest_document_becomes_a_promoted_version(stamps: Example) -> None:
    assert stamps.ran.code == 0
    assert stamps.outcome.verdict == "Promoted"
    assert stamps.outcome.version == "1"
    assert stamps.value > stamps.outcome.baselines["linear"]


def test_the_same_document_again_trains_nothing(stamps: Example) -> None:
    again = stamps.run("run", str(stamps.document), "--json")
    assert again.code == 0
    assert again.answer()["identity"] == stamps.outcome.identity
    runs = stamps.run("runs", "--json").answer()
    assert [(run["identity"], run["version"]) for run in runs] == [(stamps.outcome.identity, "1")]


def test_predict_answers_from_the_artifact_alone(stamps: Example) -> None:
    picture = next((stamps.document.parent / "stamps/animals").rglob("*.png"))
    said = stamps.run("predict", stamps.outcome.registered_model, str(picture), "--json")
    assert said.code == 0, said.err
    assert "animals" in said.out


def test_lineage_leads_from_a_row_to_the_version_that_saw_it(stamps: Example) -> None:
    picture = next((stamps.document.parent / "stamps/animals").rglob("*.png"))
    said = stamps.run("lineage", "--row", str(picture), "--json")
    assert said.code == 0, said.err
    assert stamps.outcome.identity in said.out


def test_the_report_is_one_page_that_loads_nothing(stamps: Example) -> None:
    page = Path(stamps.ran.answer()["report"]).read_text(encoding="utf-8")
    loads = _Loads()
    loads.feed(page)
    assert loads.addresses == []
    assert stamps.outcome.sentence.split(":")[0] in page


def test_growth_computes_features_of_new_rows_only(stamps: Example) -> None:
    folder = stamps.document.parent
    some_stamps(folder, of_a_class=38)
    grown = stamps.run("run", str(stamps.document), "--json")
    assert grown.code in (0, 3), grown.err
    assert grown.answer()["identity"] != stamps.outcome.identity
    segments = sorted((stamps.state / "store/features").rglob("*"))
    assert segments


class _Loads(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.addresses: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        loading = tag in ("link", "script", "img", "iframe", "source")
        for name, value in attrs:
            if loading and name in ("src", "href") and value and not value.startswith("data:"):
                self.addresses.append(value)


def test_a_head_with_tuning_and_two_workers_runs(tmp_path: Path) -> None:
    data = some_stamps(tmp_path, of_a_class=30)
    few = {"tuning": {"tpe": {"trials": 3, "batch": 2}}, "training": {"epochs": 5}}
    example = ran(tmp_path, document(tmp_path, "02-head-and-tuning.yaml", data, **few))
    assert example.outcome.version == "1"
    trials = sorted((example.state / "store/tuning").rglob("*.json"))
    assert [json.loads(trial.read_text())["number"] for trial in trials] == [0, 1, 2]


TABLES: dict[str, tuple[str, Callable[[Path], Path]]] = {
    "03-table-regression.yaml": ("mae", lambda folder: some_rows(folder, "ames/ames.csv", 1500)),
    "04-table-classification.yaml": (
        "rocAuc",
        lambda folder: some_rows(folder, "breast-cancer/breast-cancer.csv", 569),
    ),
}


@pytest.mark.parametrize("name", sorted(TABLES))
def test_a_table_runs_to_a_decision_with_its_baselines(name: str, tmp_path: Path) -> None:
    metric, data = TABLES[name]
    example = ran(tmp_path, document(tmp_path, name, data(tmp_path)))
    assert example.outcome.metric == metric
    assert set(example.outcome.baselines) == {"dummy", "linear"}
    assert example.outcome.sentence


def test_a_declared_network_learns_from_pixels(tmp_path: Path) -> None:
    data = some_fashion(tmp_path, train=1200, test=400)
    path = document(tmp_path, "05-declared-cnn.yaml", data, **SHORT)
    example = ran(tmp_path, path)
    assert example.value > 2 * example.outcome.baselines["dummy"]
    manifest = _manifest(example.state)
    assert manifest["splits"]["test"]["rows"] == 400


def _manifest(state: Path) -> dict[str, Any]:
    path = next((state / "store/data").rglob("manifest.json"))
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found
