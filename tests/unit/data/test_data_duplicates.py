"""Pictures that are one to the eye are found among many, and never lie on two sides."""

import io
from collections.abc import Sequence
from itertools import combinations
from time import process_time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageEnhance

from farandole.data import hamming
from farandole.data.decode import picture
from farandole.data.duplicates import clusters
from farandole.data.hamming import close_pairs
from farandole.data.leaks import leaks
from farandole.data.perceptual import Impression, impression
from tests.support.data_pictures import picture as encoded


def image(seed: int, size: int = 96) -> Image.Image:
    return picture(encoded(seed, size))


def jpeg(source: Image.Image, quality: int) -> Image.Image:
    out = io.BytesIO()
    source.save(out, "JPEG", quality=quality)
    return picture(out.getvalue())


def grouped(images: Sequence[Image.Image], distance: int = 4) -> list[int]:
    looks = [impression(each) for each in images]
    return list(clusters([str(n) for n in range(len(images))], looks, distance))


near_hashes = st.lists(
    st.tuples(
        st.sampled_from([0, 2**64 - 1, 0x0123456789ABCDEF]), st.sets(st.integers(0, 63), max_size=7)
    ),
    max_size=30,
)


@given(near_hashes, st.integers(0, 9), st.sampled_from([2, 5, 1000]))
def test_every_close_pair_is_found_and_no_other(
    made: list[tuple[int, set[int]]], distance: int, few: int
) -> None:
    hashes = np.array([start ^ sum(1 << bit for bit in flips) for start, flips in made], np.uint64)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(hamming, "FEW", few)  # so that few hashes are searched by bands as well
        found = {tuple(sorted(pair)) for part in close_pairs(hashes, distance) for pair in part}
    assert found == {
        (one, other)
        for one, other in combinations(range(len(hashes)), 2)
        if (int(hashes[one]) ^ int(hashes[other])).bit_count() <= distance
    }


def test_a_hundred_thousand_hashes_are_not_compared_pair_by_pair() -> None:
    hashes = np.unique(np.random.default_rng(0).integers(0, 2**64, 100_000, np.uint64))
    start = process_time()
    assert sum(map(len, close_pairs(hashes, 4))) == 0
    assert process_time() - start < 5  # all pairs are 5 billion


@pytest.mark.parametrize("seed", range(5))
def test_recompressed_scaled_and_darkened_copies_are_one_picture(seed: int) -> None:
    original = image(seed)
    copies = [
        jpeg(original, 50),
        original.resize((48, 48)),
        ImageEnhance.Brightness(original).enhance(0.95),
    ]
    assert grouped([original, *copies]) == [0, 0, 0, 0]


def test_different_pictures_are_not_joined() -> None:
    assert len(set(grouped([image(seed) for seed in range(100)]))) == 100


def test_the_same_shape_in_another_colour_is_another_picture() -> None:
    shape = np.zeros((64, 64, 3), np.uint8)
    shape[16:48, 8:40] = (200, 0, 0)
    green = shape[..., [1, 0, 2]] // 2  # about as bright as the red
    assert len(set(grouped([Image.fromarray(shape), Image.fromarray(green)]))) == 2


def test_plain_pictures_are_compared_by_their_value() -> None:
    plain = [Image.new("RGB", (20, 20), (level,) * 3) for level in (0, 1, 200)]
    black, nearly_black, bright = grouped(plain)
    assert black == nearly_black
    assert black != bright


def test_distance_zero_joins_equal_content_only() -> None:
    look = impression(image(0))
    assert clusters(["a", "b", "a"], [look, look, look], 0).tolist() == [0, 1, 0]


def test_pictures_that_all_hash_alike_do_not_explode() -> None:
    generator = np.random.default_rng(0)
    looks = [
        Impression(0, thumbnail.tobytes(), (128.0, 128.0, 128.0))
        for thumbnail in generator.integers(0, 256, (5_000, 256), np.uint8)
    ]
    start = process_time()
    assert len(set(clusters([str(n) for n in range(5_000)], looks, 4).tolist())) == 5_000
    assert process_time() - start < 3  # all pairs are 12 million thumbnails


def test_a_film_of_nearly_equal_frames_does_not_explode() -> None:
    generator = np.random.default_rng(0)
    flips = generator.integers(0, 64, (4_000, 3)).tolist()
    hashes = [sum(1 << bit for bit in set(row)) for row in flips]
    looks = [Impression(bits, bytes(range(256)), (128.0, 128.0, 128.0)) for bits in hashes]
    start = process_time()
    assert set(clusters([str(n) for n in range(4_000)], looks, 4).tolist()) == {0}
    assert process_time() - start < 3  # nearly all of 8 million pairs are close


def test_no_pictures_have_no_clusters() -> None:
    assert clusters([], [], 4).tolist() == []


def excluded(sides: str, numbers: list[int]) -> dict[int, str]:
    names = {"r": "train", "v": "validation", "e": "test"}
    paths = [f"{number}.png" for number in range(len(sides))]
    return {
        position: skip.reason
        for position, skip in leaks(numbers, [names[side] for side in sides], paths).items()
    }


def test_a_cluster_keeps_its_test_rows_else_its_validation_rows() -> None:
    assert excluded("rveervr", [0, 0, 0, 0, 1, 1, 2]) == {
        0: "of train: the same as 2.png of test",
        1: "of validation: the same as 2.png of test",
        4: "of train: the same as 5.png of validation",
    }


def test_a_cluster_on_one_side_loses_nothing() -> None:
    assert excluded("rrvvee", [0, 0, 1, 1, 2, 2]) == {}


@given(st.lists(st.tuples(st.sampled_from("rve"), st.integers(0, 4))))
def test_after_exclusion_no_cluster_spans_splits(rows: list[tuple[str, int]]) -> None:
    gone = excluded("".join(side for side, _ in rows), [cluster for _, cluster in rows])
    kept = {(cluster, side) for n, (side, cluster) in enumerate(rows) if n not in gone}
    assert len(kept) == len({cluster for _, cluster in rows})
