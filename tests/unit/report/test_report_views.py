"""The report reads what evaluation found, and refuses what is no picture."""

import base64
from io import BytesIO

import numpy as np
import pytest
from PIL import Image
from pydantic import ValidationError

from farandole import evaluation
from farandole.api.promotion import Gate
from farandole.report import ReportData, evidence, sections, thumbnail, wording
from farandole.report.sections import Sample
from farandole.ring.efficiency import efficiency_of
from farandole.ring.scaling import Wire
from farandole.ring.threads import Threads
from tests.support.evaluation_rows import alone, balanced_rows, right_in, saying
from tests.support.report_runs import barest, baseline_won, constant, promoted

WIRE = Wire(latency_seconds=1e-3, bytes_per_second=1e9)
HELD = balanced_rows(120)
MODEL = right_in(0.9, HELD.y)


def decision() -> evaluation.Decision:
    rival = evaluation.Rival("dummy", "always the most frequent class", saying([0] * 120))
    champion = evaluation.against_champion(
        "balancedAccuracy", "2", HELD, MODEL, rival.predictions, Gate(), recipe_changed=True
    )
    comparison = evaluation.compare("balancedAccuracy", HELD, MODEL, [rival])
    return evaluation.decide(comparison, champion)


def test_a_decision_is_read_as_it_was_made() -> None:
    made = decision()
    read = evidence.Decision.model_validate(made)
    assert read == evidence.Decision.model_validate_json(made.model_dump_json())
    assert read.comparison is not None
    assert made.comparison is not None
    assert read.comparison.candidate.value == made.comparison.candidate.value
    assert read.champion is not None
    assert read.champion.gain is not None


def test_every_evidence_is_read_as_it_was_found() -> None:
    names = ("no", "yes")
    y = np.linspace(1.0, 2.0, 50)
    values = evaluation.Predictions(y + 0.1)
    for view, found in (
        (evidence.Confusion, evaluation.confusion(HELD, MODEL, names)),
        (evidence.Roc, evaluation.roc(HELD, MODEL, names)[0]),
        (evidence.Calibration, evaluation.calibration(HELD, MODEL, names)),
        (evidence.Residuals, evaluation.residuals(evaluation.HeldOut(y, alone(50)), values)),
    ):
        read = view.model_validate(found)
        assert read.model_dump() == found.model_dump(include=set(view.model_fields))


def test_the_efficiency_of_a_ring_is_read_as_it_was_gathered() -> None:
    seconds = {"total": 9.0, "input": 1.0, "compute": 6.0, "reduction": 1.0}
    made = Threads(2).run(lambda ring: efficiency_of(ring, seconds, 10, 64.0, 4000, WIRE))[0]
    read = sections.Efficiency.model_validate(made)
    assert {name: getattr(made, name) for name in ("parallel", "wire_seconds", "of_wire")} == {
        "parallel": read.parallel,
        "wire_seconds": read.wire_seconds,
        "of_wire": read.of_wire,
    }
    assert sum(read.seconds.values()) == pytest.approx(read.total)


def test_money_times_and_sizes_are_told_as_a_person_would() -> None:
    assert [wording.money(each) for each in (0, 0.0049, 12.4, 1234.5)] == [
        "0.00",
        "0.0049",
        "12.40",
        "1,234.50",
    ]
    assert [wording.moment(each) for each in (0.0123, 0.00026, 3.2)] == [
        "12.3 ms",
        "0.26 ms",
        "3.2 s",
    ]
    assert [wording.size(each) for each in (40, 4232, 2.2e6, 2.56e9)] == [
        "40 bytes",
        "4.23 kB",
        "2.2 MB",
        "2.56 GB",
    ]


@pytest.mark.parametrize("run", [promoted(), baseline_won(), constant(), barest()])
def test_a_report_survives_json(run: ReportData) -> None:
    assert ReportData.model_validate_json(run.model_dump_json()) == run


def test_a_thumbnail_is_a_small_jpeg_of_the_whole_picture() -> None:
    pixels = np.zeros((400, 800, 3), np.uint8)
    pixels[:, 400:] = 255
    picture = Image.open(BytesIO(base64.b64decode(thumbnail(pixels))))
    assert (picture.format, picture.size) == ("JPEG", (112, 56))
    shown = np.asarray(picture.convert("L"))
    assert shown[:, :50].max() < 20
    assert shown[:, -50:].min() > 235


def test_a_grey_picture_has_a_thumbnail_and_a_small_one_is_not_blown_up() -> None:
    picture = Image.open(BytesIO(base64.b64decode(thumbnail(np.zeros((28, 28, 1), np.uint8)))))
    assert picture.size == (28, 28)


def test_even_noise_fits_the_bound() -> None:
    noise = np.random.default_rng(0).integers(0, 256, (112, 112, 3)).astype(np.uint8)
    Sample(image=thumbnail(noise), label="noise", path="noise.png")


@pytest.mark.parametrize("text", ["javascript:alert(1)", "", "AAAA", '/9j/"onerror="x', "/9j/A B"])
def test_what_is_no_picture_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        Sample(image=text, label="a", path="a")
