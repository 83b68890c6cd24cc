from __future__ import annotations

import re
from pathlib import Path

import pytest

from farandole.api import Model, read_model

ROOT = Path(__file__).parents[3]
EXAMPLES = sorted((ROOT / "operator" / "examples").glob("*.yaml"))


def example(path: Path) -> Model:
    return read_model(path.read_text("utf-8"), path.name)


def test_the_examples_are_numbered_from_one() -> None:
    assert [int(path.name[:2]) for path in EXAMPLES] == list(range(1, len(EXAMPLES) + 1))
    assert len(EXAMPLES) >= 5


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_is_read_and_begins_with_what_it_shows(path: Path) -> None:
    model = example(path)
    assert path.read_text("utf-8").startswith("# ")
    assert model.spec.only_on_a_cluster() == ()


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_finds_its_data_beside_the_repository(path: Path) -> None:
    data = example(path).spec.recipe.data
    location = data.images or data.table or ""
    place = (path.parent / location).resolve()
    assert place.is_relative_to(ROOT / ".farandole" / "samples")


def test_the_examples_have_names_of_their_own() -> None:
    names = [example(path).metadata.name for path in EXAMPLES]
    assert len(set(names)) == len(names)


def test_the_smallest_example_is_ten_lines() -> None:
    lines = EXAMPLES[0].read_text("utf-8").splitlines()
    assert len([line for line in lines if not line.startswith("#")]) <= 10


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_the_lines_of_an_example_fit_a_page(path: Path) -> None:
    assert max(len(line) for line in path.read_text("utf-8").splitlines()) <= 110
    assert not re.search(r"\t| $", path.read_text("utf-8"), re.MULTILINE)
