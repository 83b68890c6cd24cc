from __future__ import annotations

import json
from pathlib import Path

import pytest

from farandole.api.progress import Progress
from farandole.launch.here import ring_available
from farandole.steps.train import ranks_that_train


@pytest.mark.parametrize("wanted, lanes", [(1, 1), (2, 2), (3, 64)])
@pytest.mark.skipif(ring_available() is not None, reason=str(ring_available()))
def test_ranks_that_have_a_lane_train_without_a_word(
    tmp_path: Path, wanted: int, lanes: int
) -> None:
    assert ranks_that_train(wanted, lanes, Progress(tmp_path / "told", "train")) == wanted
    assert not (tmp_path / "told").exists()


@pytest.mark.skipif(ring_available() is not None, reason=str(ring_available()))
def test_ranks_without_a_lane_are_left_out_and_told(tmp_path: Path) -> None:
    assert ranks_that_train(3, 2, Progress(tmp_path / "told", "train")) == 2
    told = json.loads((tmp_path / "told").read_text())
    assert told["message"].startswith("training goes on with 2 of 3 ranks")
    assert "training.lanes" in told["message"]
