"""Pictures that are decoded when they are taken are, bit by bit, what an array of them would be."""

import os
import threading
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from farandole.api.data import Data
from farandole.api.errors import DataError
from farandole.data.augment import augmented
from farandole.data.decode import decode
from farandole.data.folder_store import FolderStore
from farandole.data.pictures import Pictures, joined_pictures, pictures_of
from farandole.data.prepare import Prepared, prepare
from farandole.data.sealing import sealed
from farandole.data.store import Sealed
from farandole.ring.feed import Feed
from farandole.ring.lanes import Lanes
from farandole.ring.learner import Rows
from tests.support.data_pictures import class_folders

SIZE = (12, 10, 3)


@pytest.fixture(scope="module", name="prepared")
def _prepared(tmp_path_factory: pytest.TempPathFactory) -> Prepared:
    folder = tmp_path_factory.mktemp("pictures")
    images = class_folders(folder / "images", {"cat": 30, "dog": 34})
    store = FolderStore(folder / "store")
    return prepare(Data(images=str(images)), "ImageClassification", folder, store)


def array(prepared: Prepared, split: str, copies: int = 1, flip: bool = False) -> NDArray[np.uint8]:
    rows = prepared.rows(split)
    whole = [decode(prepared.content(split, at), *SIZE) for at in range(len(rows))]
    return np.stack(
        [
            np.stack(
                [augmented(p, row.digest, copy, flip) for p, row in zip(whole, rows, strict=True)]
            )
            for copy in range(copies)
        ]
    )


@pytest.mark.parametrize("copies, flip", [(1, False), (3, True)])
def test_any_rows_and_copies_are_those_of_the_array(
    prepared: Prepared, copies: int, flip: bool
) -> None:
    pictures = pictures_of(prepared, "train", SIZE, copies, flip)
    stored = array(prepared, "train", copies, flip)
    draw = np.random.default_rng(0)
    rows, which = draw.integers(0, stored.shape[1], 40), draw.integers(0, copies, 40)
    assert pictures[which, rows].tobytes() == stored[which, rows].tobytes()
    assert (pictures.shape, pictures.ndim, len(pictures)) == (stored.shape, 5, copies)
    assert (pictures.dtype, pictures.nbytes) == (stored.dtype, stored.nbytes)


def test_one_copy_is_read_slice_by_slice(prepared: Prepared) -> None:
    pictures, stored = pictures_of(prepared, "train", SIZE), array(prepared, "train")
    assert len(pictures[0]) == stored.shape[1]
    assert pictures[0][3:9].tobytes() == stored[0][3:9].tobytes()
    assert pictures[0][stored.shape[1] :].shape == (0, *SIZE)
    assert pictures[0].shape == stored[0].shape


def test_some_rows_are_taken_without_decoding_any(prepared: Prepared) -> None:
    index = np.array([5, 0, 7])
    some = pictures_of(prepared, "train", SIZE)[:, index]
    assert isinstance(some, Pictures)
    assert some[0][0:3].tobytes() == array(prepared, "train")[0][index].tobytes()


def test_splits_are_joined_in_their_order(prepared: Prepared) -> None:
    parts = [pictures_of(prepared, split, SIZE) for split in ("train", "validation")]
    stored = np.concatenate([array(prepared, split) for split in ("train", "validation")], axis=1)
    whole = joined_pictures(parts)
    assert whole[0][0 : len(whole[0])].tobytes() == stored[0].tobytes()


def test_another_way_to_index_is_refused_by_name(prepared: Prepared) -> None:
    with pytest.raises(IndexError, match=r"expected \[copy\], \[:, rows\] or \[copies, rows\]"):
        pictures_of(prepared, "train", SIZE)[1:2]


def fed(prepared: Prepared, x: Any) -> Feed:
    count = len(prepared.rows("train"))
    rows = Rows(x, np.arange(count), np.ones(count, np.float32), [])
    return Feed(rows, Lanes(count, 8, 4), (0, 1, 2, 3), seed=7)


@settings(max_examples=10, deadline=None)
@given(first=st.integers(0, 30))
def test_training_resumed_at_any_step_sees_the_pixels_of_the_array(
    prepared: Prepared, first: int
) -> None:
    lazy = fed(prepared, pictures_of(prepared, "train", SIZE, 2, True))
    stored = fed(prepared, array(prepared, "train", 2, True))
    with lazy.shares(first) as shares, stored.shares(first) as expected:
        for one, other in islice(zip(shares, expected, strict=True), 4):
            assert one.x.tobytes() == other.x.tobytes()
            assert one.positions.tolist() == other.positions.tolist()
    assert not [each for each in threading.enumerate() if each.name.startswith("farandole-")]


@pytest.fixture(name="damaged")
def _damaged(prepared: Prepared, tmp_path: Path) -> Iterator[Prepared]:
    (shard,) = prepared.manifest.splits["train"].shards
    path = prepared.store.local(shard.key)
    whole = path.read_bytes()
    path.write_bytes(whole[:40] + bytes([whole[40] ^ 1]) + whole[41:])
    yield Prepared(prepared.store, prepared.prefix, prepared.manifest)
    path.write_bytes(whole)


def test_a_damaged_record_stops_training_where_its_row_would_be_used(damaged: Prepared) -> None:
    feed = fed(damaged, pictures_of(damaged, "train", SIZE))
    order = fed(damaged, array(damaged, "validation")[:, :1].repeat(99, axis=1))
    first = next(step for step in range(99) if 0 in order.share(0, step).positions)
    with feed.shares(first) as shares, pytest.raises(DataError, match="does not agree with its"):
        next(shares)


def test_test_rows_stay_closed(prepared: Prepared) -> None:
    closed = sealed(prepared.store, [f"{prepared.prefix}/test"])
    opened = Prepared(closed, prepared.prefix, prepared.manifest)
    assert pictures_of(opened, "train", SIZE)[0][0:1].shape == (1, *SIZE)
    with pytest.raises(Sealed):
        pictures_of(opened, "test", SIZE)


def test_a_pinned_process_decodes_by_itself(prepared: Prepared) -> None:
    before = os.sched_getaffinity(0)
    pictures = pictures_of(prepared, "train", SIZE)
    expected = pictures[0][0:6]
    try:
        os.sched_setaffinity(0, {min(before)})
        assert pictures[0][0:6].tobytes() == expected.tobytes()
    finally:
        os.sched_setaffinity(0, before)
