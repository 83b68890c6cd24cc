"""Prepared data is whole or absent, the same wherever it lay, and nothing is dropped in silence."""

import os
from pathlib import Path

import pytest

from farandole.api.data import Data, Folders, Given, Limits, Split
from farandole.api.errors import DataError
from farandole.api.progress import Progress
from farandole.data.decode import decode
from farandole.data.fingerprint import fingerprint
from farandole.data.folder_store import FolderStore
from farandole.data.prepare import Prepared, open_prepared, prepare
from farandole.data.store import StoreFull
from tests.support.data_disks import FullStore, small_disk
from tests.support.data_pictures import bomb, class_folders, idx, picture, recompressed, write

COUNTS = {"cat": 40, "dog": 50}


@pytest.fixture
def images(tmp_path: Path) -> Path:
    return class_folders(tmp_path / "images", COUNTS)


@pytest.fixture
def store(tmp_path: Path) -> FolderStore:
    return FolderStore(tmp_path / "store")


def prepared(images: Path, store: FolderStore, **data: object) -> Prepared:
    declared = Data.model_validate({"images": str(images), **data})
    return prepare(declared, "ImageClassification", images.parent, store)


def refusal(images: Path, store: FolderStore, **data: object) -> str:
    with pytest.raises(DataError) as refused:
        prepared(images, store, **data)
    assert not list(store.list("")), "nothing is written of data that is refused"
    return str(refused.value)


def content(store: FolderStore) -> dict[str, bytes]:
    return {each.key: store.get(each.key) for each in store.list("data") if "known" not in each.key}


def test_every_row_is_in_one_split_with_its_own_content(images: Path, store: FolderStore) -> None:
    data = prepared(images, store)
    assert data.manifest.classes == ("cat", "dog")
    seen = set()
    for split, part in data.manifest.splits.items():
        rows = data.rows(split)
        assert part.rows == len(rows) == sum(part.counts.values())
        for position, row in enumerate(rows):
            assert data.content(split, position) == (images / row.path).read_bytes()
            assert row.path.startswith(f"{row.label}/")
            assert (row.width, row.height) == (16, 16)
            seen.add(row.path)
    assert len(seen) == 90


def test_the_manifest_tells_counts_shares_and_statistics(images: Path, store: FolderStore) -> None:
    manifest = prepared(images, store).manifest
    train = manifest.splits["train"]
    assert manifest.kind == "images"
    assert manifest.shares.asked == {"train": 0.7, "validation": 0.15, "test": 0.15}
    assert manifest.shares.got["train"] == train.rows / 90
    shares = manifest.statistics["classes"]["shares"]
    assert shares["cat"] == pytest.approx(train.counts["cat"] / train.rows)
    assert manifest.statistics["means"]["width"] == 16
    assert 0 < manifest.statistics["means"]["red"] < 255


def test_the_same_input_gives_the_same_bytes_wherever_it_lies(images: Path, tmp_path: Path) -> None:
    class_folders(tmp_path / "elsewhere", dict(reversed(COUNTS.items())))
    one, two = FolderStore(tmp_path / "one"), FolderStore(tmp_path / "two")
    prepared(images, one)
    prepare(Data(images="elsewhere"), "ImageClassification", tmp_path, two, workers=2)
    assert content(one) == content(two)


def test_what_is_prepared_is_not_read_again(images: Path, store: FolderStore) -> None:
    first = prepared(images, store)
    before = {each.key: each.etag for each in store.list("")}
    for path in images.rglob("*.png"):
        listed = path.stat()
        path.write_bytes(bytes(listed.st_size))  # were it read, it would be refused
        os.utime(path, ns=(listed.st_atime_ns, listed.st_mtime_ns))
    assert prepared(images, store).prefix == first.prefix
    assert {each.key: each.etag for each in store.list("")} == before


def test_growth_moves_no_row(images: Path, store: FolderStore) -> None:
    before = prepared(images, store)
    write(images, {f"cat/new-{n}.png": picture(90_000 + n) for n in range(30)})
    after = prepared(images, store)
    assert after.manifest.data_digest != before.manifest.data_digest
    for split in before.manifest.splits:
        order = [row.path for row in after.rows(split) if "new" not in row.path]
        assert order == [row.path for row in before.rows(split)]


def test_another_seed_is_prepared_beside_the_first(images: Path, store: FolderStore) -> None:
    one, two = prepared(images, store), prepared(images, store, split=Split(seed=3))
    assert one.manifest.data_digest == two.manifest.data_digest
    assert one.prefix != two.prefix
    assert open_prepared(store, one.prefix).rows("test") != two.rows("test")


def test_the_seed_decides_the_order_and_the_path_does_not(
    tmp_path: Path, store: FolderStore
) -> None:
    images = class_folders(tmp_path / "images/train", COUNTS).parent
    class_folders(images / "test", COUNTS, seed=1)
    given = Given(folders=Folders())
    one, two = (
        [
            row.path
            for row in prepared(images, store, split=Split(seed=seed, given=given)).rows("test")
        ]
        for seed in (1, 2)
    )
    assert sorted(one) == sorted(two)
    assert sorted(one) not in (one, two)
    assert one != two


def test_renaming_a_class_is_other_data(images: Path, store: FolderStore) -> None:
    before = prepared(images, store)
    (images / "cat").rename(images / "lion")
    after = prepared(images, store)
    assert after.manifest.data_digest != before.manifest.data_digest
    assert after.manifest.classes == ("dog", "lion")


def test_progress_counts_what_is_read_and_written(
    images: Path, store: FolderStore, tmp_path: Path
) -> None:
    progress = Progress(tmp_path / "progress", "prepare")
    declared = Data(images=str(images))
    prepare(declared, "ImageClassification", tmp_path, store, progress)
    lines = (tmp_path / "progress").read_text()
    assert '"phase": "index", "done": 90, "total": 90, "unit": "images"' in lines
    assert '"phase": "write"' in lines


def test_undecodable_images_are_listed_and_refused_beyond_the_limit(
    images: Path, store: FolderStore
) -> None:
    whole = (images / "dog/0000.png").read_bytes()
    write(images, {"cat/diary.jpg": b"Dear diary", "dog/cut.png": whole[: len(whole) // 2]})
    message = refusal(images, store, limits=Limits(undecodable=0.02))
    assert "2 of 92 images cannot be used, more than the share of 0.02" in message
    assert "cat/diary.jpg: is no image of a known format (it begins with b'Dear diary')" in message
    assert "dog/cut.png: cannot be decoded: " in message
    data = prepared(images, store, limits=Limits(undecodable=0.05))
    assert [skip.path for skip in data.manifest.skipped] == ["cat/diary.jpg", "dog/cut.png"]
    assert sum(part.rows for part in data.manifest.splits.values()) == 90


def test_the_limit_of_pixels_is_the_documents(images: Path, store: FolderStore) -> None:
    write(images, {"cat/large.png": picture(77_000, size=64)})
    message = refusal(images, store, limits=Limits(pixels=64 * 64 - 1))
    assert "cat/large.png: holds 64 x 64 = 4096 pixels, more than the limit of 4095" in message


def test_an_image_bomb_is_listed_with_its_size(images: Path, store: FolderStore) -> None:
    write(images, {"cat/bomb.png": bomb(20_000)})
    message = refusal(images, store)
    assert "cat/bomb.png: holds 20000 x 20000 = 400000000 pixels" in message
    assert "Mend or remove these files, or raise the limit to skip them." in message


def test_unicode_names_come_through_whole(tmp_path: Path, store: FolderStore) -> None:
    images = class_folders(tmp_path / "images", {"\u732b": 40, "caf\u00e9 \u2028 \U0001f415": 50})
    data = prepared(images, store)
    assert data.manifest.classes == ("caf\u00e9 \u2028 \U0001f415", "\u732b")
    row = data.rows("train")[0]
    assert data.content("train", 0) == (images / row.path).read_bytes()


def test_a_file_in_two_classes_is_refused_with_both_paths(images: Path, store: FolderStore) -> None:
    write(images, {"dog/again.png": (images / "cat/0003.png").read_bytes()})
    message = refusal(images, store)
    assert "cat/0003.png (cat) is the same file as dog/again.png (dog)" in message


def test_a_class_of_one_row_is_refused_by_name(images: Path, store: FolderStore) -> None:
    write(images, {"owl/only.png": picture(55_000)})
    assert "at least 3 rows of every class, one for each split, found fewer of:\n  'owl': 1" in (
        refusal(images, store)
    )


def test_one_class_is_refused(tmp_path: Path, store: FolderStore) -> None:
    images = class_folders(tmp_path / "images", {"cat": 5})
    assert "at least two classes, found 'cat'" in refusal(images, store)


def test_a_split_left_without_a_class_names_the_field(tmp_path: Path, store: FolderStore) -> None:
    images = class_folders(tmp_path / "images", {"cat": 40, "dog": 3})
    message = refusal(images, store)
    assert message.startswith("data.split: expected rows of every class in every split:\n")
    assert "has no row of 'dog', of which there are 3" in message
    assert "data.split.fractions" in message
    assert "data.split.seed" in message


def test_a_given_test_without_a_class_names_the_field(tmp_path: Path, store: FolderStore) -> None:
    images = class_folders(tmp_path / "images/train", COUNTS).parent
    class_folders(images / "test", {"cat": 5}, seed=1)
    message = refusal(images, store, split=Split(given=Given(folders=Folders())))
    assert message.startswith("data.split.given: expected rows of every class")
    assert "test has no row of 'dog', of which there are 50" in message


def test_near_duplicates_stay_on_the_side_that_decides(tmp_path: Path, store: FolderStore) -> None:
    images = class_folders(tmp_path / "images/train", COUNTS).parent
    class_folders(images / "test", COUNTS, seed=1)
    originals = [images / f"train/cat/{n:04d}.png" for n in range(5)]
    copies = {f"test/cat/{path.stem}.jpg": recompressed(path.read_bytes()) for path in originals}
    write(images, copies)
    data = prepared(images, store, split=Split(given=Given(folders=Folders())))
    duplicates = data.manifest.duplicates
    assert duplicates.near == 10
    assert [skip.path for skip in duplicates.excluded] == [
        f"train/cat/000{n}.png" for n in range(5)
    ]
    assert duplicates.excluded[0].reason.endswith("the same as test/cat/0000.jpg of test")
    assert data.manifest.splits["test"].counts["cat"] == 45
    assert not {row.cluster for row in data.rows("train")} & {r.cluster for r in data.rows("test")}


def test_exact_copies_share_a_split_and_a_cluster(images: Path, store: FolderStore) -> None:
    write(images, {"cat/copy.png": (images / "cat/0000.png").read_bytes()})
    data = prepared(images, store, limits=Limits(near_duplicates=0))
    rows = [row for split in data.manifest.splits for row in data.rows(split)]
    assert data.manifest.duplicates.exact == 1
    assert data.manifest.duplicates.excluded == ()
    assert len({row.cluster for row in rows}) == len(rows) - 1 == 90


def test_a_group_of_rows_is_one_cluster(images: Path, store: FolderStore) -> None:
    paths = sorted(path.relative_to(images).as_posix() for path in images.rglob("*.png"))
    lines = [f"{path},{path[:3]},patient {n // 2}" for n, path in enumerate(paths)]
    write(images.parent, {"labels.csv": "\n".join(["path,label,who", *lines]).encode()})
    data = prepared(images, store, labels="labels.csv", split=Split(group="who"))
    rows = [row for split in data.manifest.splits for row in data.rows(split)]
    assert len({row.cluster for row in rows}) == 45


def test_idx_images_are_prepared_with_their_given_test(tmp_path: Path, store: FolderStore) -> None:
    images = tmp_path / "images"
    for name, count in {"train": 60, "t10k": 9}.items():
        pixels = [decode(picture(count * 100 + n), 12, 12, 1)[..., 0] for n in range(count)]
        write(images, {f"{name}-images-idx3-ubyte": idx(pixels)})
        write(images, {f"{name}-labels-idx1-ubyte": idx([n % 3 for n in range(count)])})
    data = prepared(images, store, split=Split(given=Given(folders=Folders(test="t10k"))))
    assert {row.path.split("/")[0] for row in data.rows("test")} == {"t10k"}
    assert data.manifest.splits["test"].counts == {"0": 3, "1": 3, "2": 3}
    assert 3 <= data.manifest.splits["validation"].rows <= 20
    assert data.manifest.shares.asked == {}


def test_a_full_store_loses_nothing_and_the_next_run_completes(
    images: Path, store: FolderStore, tmp_path: Path
) -> None:
    before = prepared(images, store, split=Split(seed=1))
    declared = Data(images=str(images))
    for room in range(8):  # writes that still fit
        with pytest.raises(StoreFull, match="disk is full"):
            prepare(declared, "ImageClassification", tmp_path, FullStore(store, room))
        manifests = [each.key for each in store.list("") if each.key.endswith("manifest.json")]
        assert manifests == [f"{before.prefix}/manifest.json"]
    assert open_prepared(store, before.prefix).content("train", 0)
    whole = prepared(images, store)
    assert whole.manifest.splits["train"].rows == len(whole.rows("train"))


def test_a_full_disk_is_told_and_leaves_no_half_of_anything(images: Path, tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", kilobytes=64) as disk:
        store = FolderStore(disk / "store")
        with pytest.raises(StoreFull, match=r"disk is full.* free some space and run again"):
            prepared(images, store)
        assert not [each.key for each in store.list("") if each.key.endswith("manifest.json")]
        assert not [path for path in disk.rglob("*") if path.name.startswith(".partial")]


def test_an_image_that_changes_meanwhile_is_refused(
    images: Path, tmp_path: Path, store: FolderStore
) -> None:
    class Meddling(Progress):
        def update(self, phase: str, done: int, *_: object, **__: object) -> None:
            if (phase, done) == ("index", 90):
                for path in images.rglob("*.png"):
                    path.write_bytes(b"another")

    declared = Data(images=str(images))
    with pytest.raises(DataError, match="changed while it was prepared"):
        prepare(declared, "ImageClassification", tmp_path, store, Meddling(None, ""))


def test_prepared_data_that_are_not_there_say_so(store: FolderStore) -> None:
    with pytest.raises(DataError, match="expected prepared data at 'data/x/y', found no manifest"):
        open_prepared(store, "data/x/y")


def test_the_fingerprint_changes_with_a_file_and_reads_none(images: Path) -> None:
    declared = Data(images="images")
    before = fingerprint(declared, images.parent)
    assert fingerprint(declared, images.parent) == before
    write(images, {"cat/0000.png": b"another content"})
    assert fingerprint(declared, images.parent) != before
