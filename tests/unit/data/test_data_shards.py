"""Shards are read at random as they were written, and damage never goes unseen."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api.errors import DataError
from farandole.data.example import bytes_feature, encode_example
from farandole.data.shards import Shard, dealt, index_bytes, shard_count, write_shard

RECORDS = [b"first", b"", b"\0" * 1000, b"last"]


@pytest.fixture
def shard(tmp_path: Path) -> Path:
    return tmp_path / "shard-00000.tfrecord"


def test_records_are_read_in_any_order(shard: Path) -> None:
    opened = Shard(shard, index_bytes(write_shard(shard, RECORDS).index))
    assert [opened[number] for number in (3, 1, 2, 0)] == [RECORDS[n] for n in (3, 1, 2, 0)]
    assert len(opened) == 4


def test_an_empty_shard_is_legal(shard: Path) -> None:
    assert len(Shard(shard, index_bytes(write_shard(shard, []).index))) == 0


def test_the_same_records_give_the_same_bytes(shard: Path) -> None:
    one = write_shard(shard, RECORDS)
    before = shard.read_bytes()
    assert write_shard(shard, RECORDS).sha256 == one.sha256
    assert shard.read_bytes() == before


@pytest.mark.parametrize("change", [lambda b: b[:20] + b"X" + b[21:], lambda b: b[:-6]])
def test_damage_is_refused_by_checksum(shard: Path, change: object) -> None:
    index = index_bytes(write_shard(shard, [bytes(100)]).index)
    assert callable(change)
    shard.write_bytes(change(shard.read_bytes()))
    with pytest.raises(DataError, match="record 0 does not agree with its checksum"):
        Shard(shard, index)[0]


@given(st.integers(0, 200), st.integers(0, 6))
def test_every_row_is_dealt_once(rows: int, power: int) -> None:
    hands = [dealt(rows, shard, 2**power) for shard in range(2**power)]
    assert sorted(position for hand in hands for position in hand) == list(range(rows))
    assert max(map(len, hands)) - min(map(len, hands)) <= 1


@pytest.mark.parametrize(
    "megabytes, shards", [(0, 1), (128, 1), (129, 2), (1000, 8), (8192, 64), (10**6, 64)]
)
def test_shards_are_a_power_of_two_below_128_megabytes(megabytes: int, shards: int) -> None:
    assert shard_count(megabytes * 2**20) == shards


@given(st.dictionaries(st.text(max_size=5), st.binary(max_size=20), min_size=1))
def test_an_example_gives_back_its_bytes_whatever_the_order_of_features(
    features: dict[str, bytes],
) -> None:
    content = encode_example(dict(features))
    assert encode_example(dict(reversed(features.items()))) == content
    for name, value in features.items():
        assert bytes_feature(content, name) == value
