"""TensorFlow reads our shards, and writes the same bytes as we do."""

from pathlib import Path

import pytest

from farandole.api.data import Data
from farandole.data.example import encode_example
from farandole.data.folder_store import FolderStore
from farandole.data.prepare import prepare
from farandole.data.shards import write_shard
from tests.support.data_pictures import class_folders

tf = pytest.importorskip("tensorflow")


def test_tensorflow_reads_every_row_of_a_shard(tmp_path: Path) -> None:
    images = class_folders(tmp_path / "images", {"cat": 40, "dog": 50})
    store = FolderStore(tmp_path / "store")
    data = prepare(Data(images=str(images)), "ImageClassification", tmp_path, store)
    (shard,) = data.manifest.splits["train"].shards
    features = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "image/class/label": tf.io.FixedLenFeature([], tf.int64),
        "image/class/text": tf.io.FixedLenFeature([], tf.string),
        "row/digest": tf.io.FixedLenFeature([], tf.string),
    }
    records = tf.data.TFRecordDataset(str(store.local(shard.key)))
    read = [tf.io.parse_single_example(record, features) for record in records]
    rows = data.rows("train")
    assert [one["row/digest"].numpy().decode() for one in read] == [row.digest for row in rows]
    for position, (one, row) in enumerate(zip(read, rows, strict=True)):
        assert one["image/encoded"].numpy() == data.content("train", position)
        assert one["image/class/text"].numpy().decode() == row.label
        assert data.manifest.classes[one["image/class/label"].numpy()] == row.label


def test_an_example_has_the_bytes_that_tensorflow_gives_it(tmp_path: Path) -> None:
    theirs = tf.train.Example(
        features=tf.train.Features(
            feature={
                "a/bytes": tf.train.Feature(bytes_list=tf.train.BytesList(value=[b"\0\xff"])),
                "b/int": tf.train.Feature(int64_list=tf.train.Int64List(value=[-3])),
                "c/float": tf.train.Feature(float_list=tf.train.FloatList(value=[0.5])),
            }
        )
    ).SerializeToString(deterministic=True)
    ours = encode_example({"a/bytes": b"\0\xff", "b/int": -3, "c/float": 0.5})
    assert ours == theirs
    with tf.io.TFRecordWriter(str(tmp_path / "theirs")) as out:
        out.write(theirs)
    write_shard(tmp_path / "ours", [ours])
    assert (tmp_path / "ours").read_bytes() == (tmp_path / "theirs").read_bytes()
