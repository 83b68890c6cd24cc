"""Readers list labelled images of every layout, and refuse what cannot be meant."""

import gzip
import os
from pathlib import Path

import numpy as np
import pytest

from farandole.api.data import Data, Dates, Folders, Given, Split
from farandole.api.errors import DataError
from farandole.data.decode import decode
from farandole.data.readers import Entry, Listing, read_images
from farandole.data.readers.image_folder import read_classes
from farandole.data.sources import StoreSource
from tests.support.data_pictures import class_folders, idx, write


def read(folder: Path, **data: object) -> Listing:
    return read_images(Data.model_validate({"images": ".", **data}), folder)


def labelled(listing: Listing) -> dict[str, str]:
    return {entry.path: entry.label for entry in listing.entries}


def refusal(folder: Path, **data: object) -> str:
    with pytest.raises(DataError) as refused:
        read(folder, **data)
    return str(refused.value)


def test_a_folder_a_class_gives_its_name_as_label_also_to_nested_files(tmp_path: Path) -> None:
    write(tmp_path, {"cat/1.png": b"", "cat/big/2.JPG": b"", "dog/1.webp": b""})
    assert labelled(read(tmp_path)) == {
        "cat/1.png": "cat",
        "cat/big/2.JPG": "cat",
        "dog/1.webp": "dog",
    }


def test_hidden_and_other_files_are_counted_by_suffix(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1, "dog": 1})
    names = [
        "cat/.hidden.png",
        ".git/config",
        "cat/Thumbs.db",
        "notes.txt",
        "dog/README",
        "top.png",
    ]
    write(tmp_path, dict.fromkeys(names, b""))
    assert read(tmp_path).ignored == {
        "(hidden)": 2,
        ".db": 1,
        ".txt": 1,
        "(no suffix)": 1,
        "(beside the class folders)": 1,
    }


def test_unicode_names_are_kept_and_composed(tmp_path: Path) -> None:
    decomposed = "cafe\u0301"
    write(tmp_path, {f"{decomposed}/\u732b.png": b"", "\u72ac/1.png": b""})
    assert labelled(read(tmp_path)) == {
        f"{decomposed}/\u732b.png": "caf\u00e9",
        "\u72ac/1.png": "\u72ac",
    }


def test_a_name_that_is_not_utf8_is_refused(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1})
    Path(os.fsdecode(os.fsencode(tmp_path) + b"/cat/\xff.png")).write_bytes(b"")
    assert "has a name that is not UTF-8" in refusal(tmp_path)


def test_the_listing_does_not_depend_on_the_order_of_the_directory(tmp_path: Path) -> None:
    names = ["b/2.png", "a/1.png", "B/1.png", "a/0.png"]
    one = write(tmp_path / "one", dict.fromkeys(names, b""))
    two = write(tmp_path / "two", dict.fromkeys(reversed(names), b""))
    assert read(one).entries == read(two).entries
    assert [entry.path for entry in read(one).entries] == sorted(names)


def test_an_empty_class_folder_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1})
    (tmp_path / "dog").mkdir()
    write(tmp_path, {"owl/notes.txt": b""})
    message = refusal(tmp_path)
    assert "found none in:\n  dog\n  owl\n" in message
    assert "remove the folder if it is no class" in message


def test_a_missing_folder_is_named(tmp_path: Path) -> None:
    assert f"{tmp_path / 'stamps'}: expected a folder of images" in refusal(
        tmp_path, images="stamps"
    )


def test_a_folder_without_classes_is_refused(tmp_path: Path) -> None:
    write(tmp_path, {"1.png": b"", "2.png": b""})
    assert "expected one folder a class with images" in refusal(tmp_path)


def test_links_that_climb_out_are_refused_by_name(tmp_path: Path) -> None:
    secret = write(tmp_path, {"secret.png": b"", "elsewhere/1.png": b""})
    folder = class_folders(tmp_path / "images", {"cat": 1})
    (folder / "cat/link.png").symlink_to(secret / "secret.png")
    (folder / "dogs").symlink_to(secret / "elsewhere")
    (folder / "cat/gone.png").symlink_to(secret / "gone.png")
    message = refusal(folder)
    assert "cat/link.png is a link that leads out of the folder" in message
    assert "dogs is a link that leads out of the folder" in message
    assert "cat/gone.png is a link to nothing" in message


def test_a_link_inside_the_folder_is_a_file_like_another(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1})
    (tmp_path / "cat/again.png").symlink_to("0000.png")
    assert sorted(labelled(read(tmp_path))) == ["cat/0000.png", "cat/again.png"]


def test_a_pipe_is_refused_instead_of_waited_for(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1})
    os.mkfifo(tmp_path / "cat/pipe.png")
    assert "cat/pipe.png is no file" in refusal(tmp_path)


def test_folders_of_splits_give_the_split(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"cat": 1, "dog": 1})
    class_folders(tmp_path / "held_out", {"cat": 1})
    write(tmp_path, {"extra/1.png": b""})
    split = Split(given=Given(folders=Folders(test="held_out")))
    listing = read(tmp_path, split=split)
    assert listing.entries == (
        Entry("held_out/cat/0000.png", "cat", given="test"),
        Entry("train/cat/0000.png", "cat", given="train"),
        Entry("train/dog/0000.png", "dog", given="train"),
    )
    assert listing.ignored == {"(beside the class folders)": 1}


def test_a_missing_split_folder_is_named_with_its_field(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"cat": 1})
    message = refusal(tmp_path, split=Split(given=Given(folders=Folders())))
    assert "data.split.given.folders.test: 'test'" in message
    assert "The folders there are 'train'" in message


def test_an_empty_class_in_a_split_folder_is_named(tmp_path: Path) -> None:
    class_folders(tmp_path / "train", {"cat": 1})
    class_folders(tmp_path / "test", {"cat": 1})
    (tmp_path / "test/dog").mkdir()
    assert "  test/dog\n" in refusal(tmp_path, split=Split(given=Given(folders=Folders())))


def labels(folder: Path, text: str) -> Path:
    write(folder, {"a/1.png": b"", "2.png": b"", "\u00fc.png": b"", "spare.png": b""})
    return write(folder, {"labels.csv": text.encode()})


def test_a_csv_gives_labels_and_what_the_split_goes_by(tmp_path: Path) -> None:
    labels(
        tmp_path,
        "path,label,who,set\n2.png,cat,ann,train\na/1.png,dog,bob,test\nu\u0308.png, cat ,ann,\n",
    )
    listing = read(tmp_path, labels="labels.csv", split=Split(group="who"))
    assert listing.entries == (
        Entry("2.png", "cat", group="ann"),
        Entry("a/1.png", "dog", group="bob"),
        Entry("\u00fc.png", "cat", group="ann"),
    )
    assert listing.ignored == {".csv": 1, "(not in the labels)": 1}
    given = read(tmp_path, labels="labels.csv", split=Split(given=Given(column="set")))
    assert [entry.given for entry in given.entries] == ["train", "test", ""]


def test_every_wrong_line_of_a_csv_is_named(tmp_path: Path) -> None:
    labels(
        tmp_path,
        "path,label\n2.png,cat\ngone.png,cat\n../up.png,dog\n/etc/x.png,dog\na/1.png,\n2.png,dog\n",
    )
    message = refusal(tmp_path, labels="labels.csv")
    assert "5 of 6 lines" in message
    assert "labels.csv:3: no file 'gone.png' among the images" in message
    assert "labels.csv:4: '../up.png' leads out of the images' folder" in message
    assert "labels.csv:5: '/etc/x.png' leads out" in message
    assert "labels.csv:6: 'a/1.png' has no label" in message
    assert "labels.csv:7: '2.png' says otherwise than line 2" in message


def test_a_repeated_line_is_skipped_and_listed(tmp_path: Path) -> None:
    labels(tmp_path, "path,label\n2.png,cat\na/1.png,dog\n2.png,cat\n")
    listing = read(tmp_path, labels="labels.csv")
    assert len(listing.entries) == 2
    assert [(skip.path, skip.reason) for skip in listing.skipped] == [
        ("labels.csv:4", "repeats line 2")
    ]


@pytest.mark.parametrize(
    "content, expected",
    [
        (b"file,class\n2.png,cat\n", "missing are path, label; received file, class"),
        (b"", "received an empty file"),
        (b"path,label\n", "found none below the header"),
        (b"path,label\n\xff.png,cat\n", "expected UTF-8"),
    ],
)
def test_a_csv_that_is_none_says_so(tmp_path: Path, content: bytes, expected: str) -> None:
    write(tmp_path, {"2.png": b"", "labels.csv": content})
    assert expected in refusal(tmp_path, labels="labels.csv")


def test_a_missing_csv_names_its_field(tmp_path: Path) -> None:
    assert "data.labels: expected a file at" in refusal(tmp_path, labels="labels.csv")


@pytest.mark.parametrize(
    "split",
    [
        Split(group="patient"),
        Split(given=Given(column="patient")),
        Split(dates=Dates(column="patient", validation_from="2024-01-01", test_from="2024-02-01")),
    ],
)
def test_a_split_by_a_column_needs_a_csv(tmp_path: Path, split: Split) -> None:
    class_folders(tmp_path, {"cat": 1})
    assert "expected a CSV in data.labels that has the column 'patient'" in refusal(
        tmp_path, split=split
    )


def mnist(folder: Path, counts: dict[str, int], packed: bool = False) -> Path:
    for name, count in counts.items():
        pixels = np.random.default_rng(count).integers(0, 256, (count, 5, 4))
        files = {"images-idx3": idx(pixels), "labels-idx1": idx(np.arange(count) % 3)}
        for kind, content in files.items():
            packing = (".gz", gzip.compress(content)) if packed else ("", content)
            write(folder, {f"{name}-{kind}-ubyte{packing[0]}": packing[1]})
    return folder


def test_idx_pairs_read_as_pictures_with_their_split_given(tmp_path: Path) -> None:
    mnist(tmp_path, {"train": 4, "t10k": 2}, packed=True)
    listing = read(tmp_path, split=Split(given=Given(folders=Folders(test="t10k"))))
    assert [(entry.path, entry.label, entry.given) for entry in listing.entries] == [
        ("t10k/000000", "0", "test"),
        ("t10k/000001", "1", "test"),
        ("train/000000", "0", "train"),
        ("train/000001", "1", "train"),
        ("train/000002", "2", "train"),
        ("train/000003", "0", "train"),
    ]
    expected = np.random.default_rng(4).integers(0, 256, (4, 5, 4))[2]
    assert np.array_equal(decode(listing.source.read("train/000002"), 5, 4, 1)[..., 0], expected)


def test_plain_and_gzipped_idx_are_the_same_listing(tmp_path: Path) -> None:
    plain = read(mnist(tmp_path / "plain", {"train": 4}))
    packed = read(mnist(tmp_path / "packed", {"train": 4}, packed=True))
    assert plain.entries == packed.entries
    assert plain.source.read("train/000003") == packed.source.read("train/000003")


def test_idx_parts_that_are_pooled_are_told_of(tmp_path: Path) -> None:
    listing = read(mnist(tmp_path, {"train": 4, "t10k": 2}))
    assert len(listing.entries) == 6
    assert "data.split.given.folders keeps the parts" in listing.notices[0]


def test_a_missing_idx_part_is_named(tmp_path: Path) -> None:
    mnist(tmp_path, {"train": 4})
    message = refusal(tmp_path, split=Split(given=Given(folders=Folders(test="t10k"))))
    assert "test: t10k, found the names train" in message


@pytest.mark.parametrize(
    "labels_file, expected",
    [
        (None, "expected 'train-labels-idx1-ubyte' (or .gz) beside"),
        (idx(np.zeros(3)), "received 4 in train-images-idx3-ubyte and 3 in train-labels"),
        (idx(np.zeros(4))[:-1], "expected 4 values of shape [4], found 3; the file is cut short"),
        (b"\0\0\x0d\x01\0\0\0\0", "expected an IDX file of unsigned bytes"),
    ],
)
def test_damaged_idx_is_refused(tmp_path: Path, labels_file: bytes | None, expected: str) -> None:
    write(tmp_path, {"train-images-idx3-ubyte": idx(np.zeros((4, 2, 2)))})
    if labels_file is not None:
        write(tmp_path, {"train-labels-idx1-ubyte": labels_file})
    assert expected in refusal(tmp_path)


def test_a_damaged_gzip_is_refused(tmp_path: Path) -> None:
    mnist(tmp_path, {"train": 4}, packed=True)
    path = tmp_path / "train-labels-idx1-ubyte.gz"
    path.write_bytes(path.read_bytes()[:-9])
    assert "cannot be unzipped" in refusal(tmp_path)


def test_a_file_address_is_a_folder_like_any(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1, "dog": 1})
    assert read(Path("/nowhere"), images=f"file://{tmp_path}").entries == read(tmp_path).entries


def test_images_in_a_store_read_like_a_folder(tmp_path: Path) -> None:
    class_folders(tmp_path, {"cat": 1, "dog": 1})
    source = StoreSource(str(tmp_path))
    listing = read_classes(source, source.listing())
    assert listing.entries == read(tmp_path).entries
    assert source.read("cat/0000.png") == (tmp_path / "cat/0000.png").read_bytes()
    with pytest.raises(DataError, match=r"expected the object 'cat/9.png', found none"):
        source.read("cat/9.png")


def test_an_empty_store_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="found no object"):
        StoreSource(str(tmp_path / "nothing")).listing()
