"""The page: complete, self-contained, safe against hostile text, readable by everyone."""

import re
import subprocess
import sys
from collections.abc import Callable

import pytest

from farandole.report import ReportData, render
from farandole.report.page import SECTIONS
from farandole.report.sections import ColumnSummary, Fact, Mistake, Sample, Skipped, SplitRows
from tests.support.report_pages import Page
from tests.support.report_runs import barest, baseline_won, constant, picture, promoted, two_ranks

RUNS = (promoted, baseline_won, constant, barest)
Run = Callable[[], ReportData]
HOSTILE = '"><script>alert(1)</script><img src=x onerror=alert(2)>&amp;{{ 7 * 7 }}'


def hostile() -> ReportData:
    """Every text that comes from data or people is an attack."""
    run = promoted()
    assert run.confusion is not None
    assert run.learning is not None
    return run.model_copy(
        update={
            "name": HOSTILE,
            "task": HOSTILE,
            "notices": (HOSTILE,),
            "decision": run.decision.model_copy(
                update={"headline": HOSTILE, "reasons": (HOSTILE,)}
            ),
            "asked": run.asked.model_copy(
                update={"document": HOSTILE, "summary": (Fact(name=HOSTILE, value=HOSTILE),)}
            ),
            "data": run.data.model_copy(
                update={
                    "splits": (SplitRows(name=HOSTILE, rows=3, counts={HOSTILE: 3}),),
                    "samples": (Sample(image=picture(0), label=HOSTILE, path=HOSTILE),),
                    "skipped": (Skipped(path=HOSTILE, reason=HOSTILE),),
                    "columns": (ColumnSummary(name=HOSTILE, kind="numeric", notice=HOSTILE),),
                    "ignored": {HOSTILE: 1},
                }
            ),
            "learning": run.learning.model_copy(update={"sentence": HOSTILE}),
            "confusion": run.confusion.model_copy(update={"classes": (HOSTILE, "b")}),
            "roc": (run.roc[0].model_copy(update={"name": HOSTILE}),),
            "mistakes": (Mistake(path=HOSTILE, true=HOSTILE, predicted=HOSTILE, image=picture(1)),),
            "lineage": (Fact(name=HOSTILE, value=HOSTILE),),
        }
    )


@pytest.mark.parametrize("run", RUNS)
def test_the_page_is_whole_and_every_section_is_there(run: Run) -> None:
    page = Page(render(run()))
    titles = [" ".join(each.text.split()) for each in page.all("h2")]
    assert titles == [title for _, title in SECTIONS]
    for name, _ in SECTIONS:
        assert page.one(name).tag == "section"
        assert len(page.says(name)) > len(page.says(f"{name}-title"))


@pytest.mark.parametrize("run", [*RUNS, hostile])
def test_nothing_is_loaded_from_anywhere(run: Run) -> None:
    html = render(run())
    page = Page(html)
    assert {each.tag for each in page.elements}.isdisjoint(
        {"script", "link", "iframe", "object", "embed", "base", "form"}
    )
    for element in page.elements:
        for name in ("src", "href", "srcset", "data", "action", "xlink:href"):
            value = element.attributes.get(name, "#")
            assert value.startswith(("#", "data:image/jpeg;base64,", "data:image/png;base64,"))
    (style,) = page.all("style")
    assert not re.search(r"url\(|@import|https?:", style.text)


def test_hostile_text_stays_text() -> None:
    html = render(hostile())
    page = Page(html)
    assert "script" not in {each.tag for each in page.elements}
    assert not [name for each in page.elements for name in each.attributes if name[:2] == "on"]
    assert "{{ 7 * 7 }}" in page.says("verdict")
    for place in ("verdict", "comparison", "asked", "data", "errors", "mistakes", "lineage"):
        assert HOSTILE in page.one(place).text


@pytest.mark.parametrize("run", RUNS)
def test_those_who_do_not_see_are_told(run: Run) -> None:
    page = Page(render(run()))
    assert len(list(page.all("h1"))) == 1
    assert all(each.attributes.get("alt") for each in page.all("img"))
    for svg in page.all("svg"):
        assert svg.attributes.get("aria-label") or svg.attributes.get("aria-hidden") == "true"
    assert all(each.attributes.get("scope") for each in page.all("th"))
    (document,) = page.all("html")
    assert document.attributes["lang"] == "en"


@pytest.mark.parametrize("run", RUNS)
def test_the_same_run_gives_the_same_bytes(run: Run) -> None:
    assert render(run()) == render(run())


def test_the_verdict_comes_first_and_says_what_serves() -> None:
    verdict = Page(render(promoted())).says("verdict")
    assert "Promoted: balanced accuracy 0.957, 0.129 above the best baseline" in verdict
    assert "Registered as stamps version 3; the alias champion points at it" in verdict
    assert "+0.129 +0.071 to +0.190" in verdict
    assert "rows in 212 clusters, cross-fitted" in verdict


def test_a_baseline_that_won_is_told_in_the_units_of_the_target() -> None:
    page = Page(render(baseline_won()))
    assert "Not promoted: the linear baseline was not clearly beaten" in page.says("verdict")
    assert "Nothing was registered" in page.says("verdict")
    assert "24,930 21,920 to 28,010 +620 −1,480 to +2,590" in page.says("comparison")
    assert "less is better" in page.says("comparison")


def test_baselines_references_and_champion_are_compared() -> None:
    compared = Page(render(promoted())).says("comparison")
    names = ["model", "champion", "linear", "dummy", "probe", "size"]
    places = [compared.index(f" {name} ") for name in names]
    assert places[1:] == sorted(places[1:])
    assert "probe reference, does not gate" in compared
    assert "threshold, chosen on validation 0.500" in compared


def test_what_was_left_out_is_counted_and_listed() -> None:
    run = promoted()
    many = tuple(Skipped(path=f"{at}.jpg", reason="truncated") for at in range(200))
    data = run.data.model_copy(update={"skipped": many, "skipped_rows": 1234})
    said = Page(render(run.model_copy(update={"data": data}))).says("data")
    assert "1,234 rows skipped" in said
    assert "199.jpg truncated and 1,034 more" in said


def test_how_often_the_test_split_has_decided_is_said() -> None:
    said = Page(render(baseline_won())).says("trust")
    assert "the first decision that this test split has made" in said
    often = Page(render(promoted().model_copy(update={"split_decisions": 25}))).says("trust")
    assert "25 decisions" in often
    assert "give the split a new seed" in often


def test_time_is_shown_in_words_a_person_uses() -> None:
    said = Page(render(promoted())).says("time")
    assert said.startswith("Where the time went 2 min 48 s in all. prepare 6.1 s 3.6 %")


def test_the_training_is_told_second_by_second_with_its_wire_and_its_cost() -> None:
    page = Page(render(promoted()))
    said = page.says("time")
    assert "18 s on 2 ranks: 4,197 images a second" in said
    assert "computing 12 s 65.0 %" in said
    assert "waiting for slower ranks 900 ms 4.9 %" in said
    assert "parallel efficiency 84.8 %" in said
    assert "summed in a step 328 kB in 1.08 ms" in said
    assert "the wire, measured at the start 2.56 GB/s, 0.26 ms a hop" in said
    assert "least time of a sum on it 0.65 ms, 60.0 % of the time seen" in said
    assert "estimated cost 0.025 EUR: 2 workers at 2.50 an hour" in said
    assert "comparing weights" not in said  # 0.01 % of the time
    assert any(
        "computing 65.0 %" in each.attributes.get("aria-label", "") for each in page.all("div")
    )


def test_a_rank_alone_has_no_wire_and_without_a_price_nothing_is_estimated() -> None:
    alone = two_ranks().model_copy(
        update={"ranks": 1, "wire": None, "wire_seconds": None, "of_wire": None, "cost": None}
    )
    said = Page(render(promoted().model_copy(update={"efficiency": alone}))).says("time")
    assert "18 s on 1 rank: 4,197 images a second" in said
    assert not [word for word in ("wire", "cost", "parallel", "summed in") if word in said]


def test_a_run_from_before_the_efficiency_was_kept_shows_its_times() -> None:
    run = baseline_won()
    assert run.efficiency is None
    said = Page(render(run)).says("time")
    assert said.startswith("Where the time went")
    assert "second by second" not in said


def test_many_classes_are_told_by_what_is_confused_most() -> None:
    run = promoted()
    assert run.confusion is not None
    names = tuple(f"class {at}" for at in range(40))
    one = run.confusion.each[0]
    each = tuple(one.model_copy(update={"name": name, "recall": 0.5}) for name in names)
    counts = tuple(
        tuple(90 if true == said else 7 if (true, said) == (3, 5) else 0 for said in range(40))
        for true in range(40)
    )
    confusion = run.confusion.model_copy(update={"classes": names, "counts": counts, "each": each})
    said = Page(render(run.model_copy(update={"confusion": confusion}))).says("errors")
    assert "The least found of 40 classes" in said
    assert "class 3 taken for class 5: 7 rows, 7.2 % of the class" in said


def test_the_largest_report_stays_below_three_megabytes() -> None:
    run, text = promoted(), "long text of a row or a column " * 4
    image = "/9j/" + "A" * 11_996
    learning = run.learning
    assert learning is not None
    history = tuple(
        learning.history[0].model_copy(update={"epoch": at + 1}) for at in range(10_000)
    )
    data = run.data.model_copy(
        update={
            "samples": tuple(Sample(image=image, label=text, path=text) for _ in range(96)),
            "skipped": tuple(Skipped(path=text, reason=text) for _ in range(200)),
            "columns": tuple(
                ColumnSummary(name=text, kind="numeric", notice=text) for _ in range(500)
            ),
        }
    )
    mistakes = tuple(Mistake(path=text, true=text, predicted=text, image=image) for _ in range(48))
    largest = run.model_copy(
        update={
            "data": data,
            "mistakes": mistakes,
            "learning": learning.model_copy(update={"history": history}),
        }
    )
    ReportData.model_validate(largest.model_dump())
    assert len(render(largest).encode()) < 3_000_000


def test_importing_the_room_loads_no_heavy_library() -> None:
    program = (
        "import sys, farandole.report, farandole.evaluation;"
        "heavy = {'sklearn', 'matplotlib', 'tensorflow', 'mlflow', 'scipy', 'pandas'};"
        "print(sorted(heavy & set(sys.modules)))"
    )
    found = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert found.stdout.strip() == "[]"
