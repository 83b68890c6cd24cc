"""From an alias to its rows, and from a row back to the versions that saw it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from farandole.api.errors import DataError
from farandole.registry import lineage as lineages
from farandole.registry.lineage import Lineage, SplitRows, sightings
from farandole.registry.memory import InMemoryTracker
from farandole.registry.tracking import Tracker
from tests.support.registry_trackers import OWNER
from tests.support.registry_versions import register


@pytest.fixture
def tracker(tmp_path: Path) -> Tracker:
    """Two versions of one model: row b moved from test to train, c is new."""
    tracker = InMemoryTracker()
    register(tracker, tmp_path, "first", train="a", validation="v", test="b")
    second = register(tracker, tmp_path, "second", train="ab", validation="v", test="c")
    tracker.promote(second, "champion", OWNER)
    return tracker


def test_an_alias_leads_to_the_rows_of_every_split(tracker: Tracker) -> None:
    version = tracker.at("stamps", "champion")
    assert version is not None
    read = lineages.read(tracker, version)
    assert read.identity == "second"
    assert read.rows["train"] == SplitRows(
        digests=("a" * 64, "b" * 64), paths=("train/a.png", "train/b.png")
    )
    assert set(read.rows) == {"train", "validation", "test"}


def test_what_was_written_is_what_is_read(tracker: Tracker, tmp_path: Path) -> None:
    version = register(tracker, tmp_path, "odd", "names", train="é漢", validation="", test="z")
    read = lineages.read(tracker, version)
    assert read.rows["train"].paths == ("train/é.png", "train/漢.png")
    assert "validation" not in read.rows


def test_a_row_leads_back_to_every_version_and_says_which_part_saw_it(tracker: Tracker) -> None:
    seen = sightings(tracker, "b" * 64)
    assert [(each.number, each.split, each.seen_by) for each in seen] == [
        (1, "test", ()),
        (2, "train", ("encoder", "network")),
    ]
    assert seen[1].aliases == ("champion",)
    assert seen[1].path == "train/b.png"


def test_a_validation_row_was_seen_by_stopping_and_threshold(tracker: Tracker) -> None:
    assert {each.seen_by for each in sightings(tracker, "v" * 64)} == {("stopping", "threshold")}


def test_a_row_may_be_named_by_its_path_in_the_data_or_the_start_of_its_digest(
    tracker: Tracker,
) -> None:
    for row in ("test/c.png", "c" * 8):
        assert [(each.number, each.digest) for each in sightings(tracker, row)] == [(2, "c" * 64)]


def test_a_file_is_found_by_what_is_in_it(tracker: Tracker, tmp_path: Path) -> None:
    content = b"the very picture"
    (tmp_path / "renamed.png").write_bytes(content)
    digest = sha256(content).hexdigest()
    rows = {"train": SplitRows(digests=(digest,), paths=("train/old-name.png",))}
    lineage = Lineage(identity="third", data_digest="d", document={}, rows=rows)
    folder = tmp_path / "third" / "artifacts"
    folder.mkdir(parents=True)
    (folder.parent / "MLmodel").touch()
    lineages.write(lineage, folder)
    tracker.register("stamps", "third", folder.parent, {}, OWNER)
    (seen,) = sightings(tracker, str(tmp_path / "renamed.png"))
    assert (seen.number, seen.path) == (3, "train/old-name.png")


@pytest.mark.parametrize("row", ["e" * 64, "aaaaaaa", "train/none.png"])
def test_a_row_that_no_version_has_is_an_error_that_says_what_may_be_given(
    tracker: Tracker, row: str
) -> None:
    with pytest.raises(DataError, match=f"{row}.*digest"):
        sightings(tracker, row)


@given(
    st.dictionaries(
        st.sampled_from(["train", "validation", "test"]), st.sets(st.text("abc", min_size=1))
    ),
    st.dictionaries(
        st.sampled_from(["network", "encoder"]),
        st.sets(st.sampled_from(["train", "validation", "test"])),
    ),
)
def test_seen_is_every_row_of_every_split_that_a_part_saw(
    rows: dict[str, set[str]], parts: dict[str, set[str]]
) -> None:
    lineage = Lineage(
        identity="i",
        data_digest="d",
        document={},
        parts={part: tuple(splits) for part, splits in parts.items()},
        rows={
            split: SplitRows(digests=tuple(held), paths=tuple(held)) for split, held in rows.items()
        },
    )
    expected = {row for splits in parts.values() for split in splits for row in rows.get(split, ())}
    assert lineage.seen() == expected


def test_a_digest_without_its_path_is_refused() -> None:
    with pytest.raises(ValidationError, match="1 digests, but 0 paths"):
        SplitRows(digests=("a",))


def test_tags_name_data_commit_and_libraries() -> None:
    lineage = Lineage(
        identity="i", data_digest="d", document={}, git_commit="c", versions={"numpy": "2.4.6"}
    )
    assert lineage.tags() == {
        "farandole.data_digest": "d",
        "farandole.git_commit": "c",
        "mlflow.source.git.commit": "c",
        "farandole.library.numpy": "2.4.6",
    }
