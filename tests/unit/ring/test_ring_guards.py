import numpy as np
import pytest

from farandole.api.errors import RingError
from farandole.ring.guards import check_agreement, digests, look, not_finite

IDS = ["cat/1.png", "cat/2.png", "dog/3.png"]
SOUND = np.ones((3, 2), np.float32)


def agree(*ranks: dict[str, float]) -> None:
    told = [digests({k: np.full(2, v, np.float32) for k, v in rank.items()}) for rank in ranks]
    check_agreement(told, step=40, agreed=30)


def test_equal_weights_agree() -> None:
    agree({"dense/kernel": 1.0, "dense/bias": 2.0}, {"dense/kernel": 1.0, "dense/bias": 2.0})


def test_the_smallest_difference_names_the_variable_the_steps_and_the_ranks() -> None:
    with pytest.raises(RingError) as caught:
        agree({"kernel": 1.0, "bias": 2.0}, {"kernel": 1.0, "bias": np.nextafter(2, 3, dtype="f4")})
    for part in (
        "step 40",
        "different bias",
        "rank 0 and rank 1 from each other",
        "agreed at step 30",
    ):
        assert part in str(caught.value)


def test_the_one_rank_that_differs_from_most_is_named() -> None:
    with pytest.raises(RingError, match=r"rank 1 from ranks 0 and 2"):
        agree({"kernel": 1.0}, {"kernel": 3.0}, {"kernel": 1.0})


def test_the_sign_of_zero_and_the_shape_of_nan_count_as_differences() -> None:
    with pytest.raises(RingError):
        agree({"kernel": 0.0}, {"kernel": -0.0})


def test_names_that_differ_between_ranks_do_not_matter() -> None:
    agree({"dense_1/kernel": 1.0}, {"dense_2/kernel": 1.0})


def test_a_row_with_a_nan_is_named_rather_than_the_rows_that_it_spoiled() -> None:
    x = SOUND.copy()
    x[1, 0] = np.nan
    seen = look(2, IDS, (x,), np.full(3, np.nan), {"kernel": np.array([np.nan])})
    error = str(not_finite(7, [seen]))
    assert "step 7: expected finite numbers" in error
    assert "rank 2: the loss of cat/2.png and the gradient of kernel" in error
    assert "cat/1.png" not in error


def test_fillers_are_not_named_and_a_digest_is_cut_to_what_lineage_takes() -> None:
    ids = ["", "0123456789ab" + "c" * 52, ""]
    seen = look(0, ids, (SOUND,), np.full(3, np.nan), {})
    assert "the loss of 0123456789ab; look at" in str(not_finite(7, [seen]))


def test_rows_whose_loss_overflows_are_named_where_all_inputs_are_sound() -> None:
    seen = look(0, IDS, (SOUND, np.arange(3)), np.array([1.0, 2.0, np.inf]), {})
    assert seen.rows == ("dog/3.png",)


def test_ranks_that_saw_nothing_wrong_are_left_out() -> None:
    sound = look(0, IDS, (SOUND,), np.ones(3), {"kernel": np.ones(2)})
    wrong = look(1, IDS, (SOUND,), np.ones(3), {"kernel": np.array([np.inf])})
    error = str(not_finite(3, [sound, wrong]))
    assert "rank 0" not in error
    assert "rank 1: the gradient of kernel" in error


def test_a_sum_that_overflows_only_in_the_ring_says_so() -> None:
    sound = look(0, IDS, (SOUND,), np.ones(3), {"kernel": np.ones(2)})
    assert "the sum over ranks, each of which was finite" in str(not_finite(3, [sound]))


def test_many_rows_are_counted_not_listed() -> None:
    ids = [f"row-{i}" for i in range(40)]
    seen = look(0, ids, (np.full((40, 1), np.nan),), np.ones(40), {})
    assert "row-4 and 35 more" in str(not_finite(0, [seen]))
