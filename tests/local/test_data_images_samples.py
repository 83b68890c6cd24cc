"""What is fetched for the examples is what their documents speak of."""

import pytest

from tests.support.data_samples import sample


@pytest.mark.slow
def test_stamps_are_the_photo_cut_outs_of_two_classes() -> None:
    folder = sample("stamps")
    if not (folder / "animals").is_dir():
        pytest.skip("no Debian packages here: flower_photos stands in for the stamps")
    images = sorted(folder.rglob("*.png"))
    assert len([path for path in images if "animals" in path.parts]) == 127
    assert len(images) == 215


@pytest.mark.slow
def test_fashion_mnist_is_four_idx_files() -> None:
    assert len(list(sample("fashion-mnist").glob("*-ubyte.gz"))) == 4
