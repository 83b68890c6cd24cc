"""A document read here equals what kubectl would send: JSON of Go's sigs.k8s.io/yaml.

Where YAML 1.2 and kubectl differ, the text is refused. Go's answers are recorded in
yaml/answers.json and asked again wherever Go is at hand.
"""

from __future__ import annotations

import json
import random
from pathlib import Path
from typing import Any

import pytest

from farandole.api import DocumentError, Model, canonical, read_model
from farandole.api.yaml import read_yaml
from tests.support.api_kubectl_yaml import (
    GoIsMissingError,
    all_texts,
    corpus,
    go_reads,
    program,
    recorded,
)

PIECES = (
    *("on", "yes", "n", "true", "null", "~", "", "017", "0o17", "0x1F", "1_000", "1e-4", ".5"),
    *("1e400", "1:30", "2024-01-31", ".inf", '"q"', "'s'", "a b", "*x", "&x 1", "{a: 1}", "[b]"),
    *("<<: *x", "|", ">-", "é", "18446744073709551617", "0b11", "08", "=", "http://x", "k: v"),
)
DIGITS = "0123456789_.eExXoObB+-"


@pytest.fixture(scope="module")
def go() -> None:
    try:
        program()
    except GoIsMissingError as error:
        pytest.skip(str(error))


def ours(text: str) -> Any:
    """Read a text; None stands for a refusal, for no document may be null."""
    try:
        reading = read_yaml(text, "text")
    except DocumentError:
        return None
    return None if reading.problems else reading.value


def same(one: Any, other: Any) -> bool:
    return canonical(one) == canonical(other)


@pytest.mark.parametrize("name", corpus()["read"])
def test_a_text_is_read_as_kubectl_reads_it(name: str) -> None:
    assert same(ours(corpus()["read"][name]), recorded()[name]["json"])


@pytest.mark.parametrize("name", corpus()["refused"])
def test_a_text_that_readers_take_differently_is_refused(name: str) -> None:
    assert ours(corpus()["refused"][name]) is None


@pytest.mark.parametrize("name", [name for name in corpus()["refused"] if "duplicate key" in name])
def test_a_strict_reader_of_go_refuses_duplicate_keys_too(name: str) -> None:
    assert "already set in map" in recorded()[name]["strict"]


@pytest.mark.parametrize(
    "text, said",
    [
        ("v: on", 'write true or "on"'),
        ("v: No", 'write false or "No"'),
        ("v: 017", "write 15 or 17"),
        ("v: 1_000", 'write 1000 or "1_000"'),
        ("v: 1e400", "write a finite number"),
        ("v: .nan", "write a finite number"),
        ("v: !!str 1", "received the tag"),
        ("on: 1", 'write "on" in quotes'),
        ("v: 1\nv: 2", "v (line 2): expected v once"),
        ("v:\n\tw: 1", "spaces instead of tabs"),
        ("v: 1\n---\nw: 1", "received 2 documents"),
        ("%YAML 1.2\n---\nv: 1", "leave the line out"),
        ("v: &a [*a]", "*a inside itself"),
        ("v: *a", "&a before it"),
        ("w: {b: 2, <<: {b: 1}}", "before all other keys"),
        ("v: a\u2028b", "U+2028"),
    ],
)
def test_a_refusal_says_what_to_write(text: str, said: str) -> None:
    try:
        problems = read_yaml(text, "text").problems.values()
        message = "\n".join(str(problem) for problem in problems)
    except DocumentError as error:
        message = str(error)
    assert said in message


@pytest.mark.usefixtures("go")
def test_the_recorded_answers_are_what_go_says_today() -> None:
    assert go_reads(all_texts()) == recorded()


@pytest.mark.usefixtures("go")
def test_no_text_is_read_otherwise_than_by_go() -> None:
    draw = random.Random(7)
    texts = {str(number): _text(draw) for number in range(4000)}
    answers = go_reads(texts)
    read = {name: value for name, text in texts.items() if (value := ours(text)) is not None}
    assert len(read) > 400
    for name, value in read.items():
        answer = answers[name]
        assert "json" in answer, (texts[name], answer)
        assert same(value, answer["json"]), (texts[name], json.dumps(value), answer)


@pytest.mark.usefixtures("go")
def test_the_examples_are_the_same_models_to_kubectl() -> None:
    folder = Path(__file__).parents[2] / "operator" / "examples"
    texts = {path.name: path.read_text("utf-8") for path in sorted(folder.glob("*.yaml"))}
    for name, answer in go_reads(texts).items():
        assert Model.model_validate(answer["json"]) == read_model(texts[name], name)


def _text(draw: random.Random) -> str:
    lines = (
        " " * draw.choice((0, 0, 2, 4)) + draw.choice(("a: ", "b: ", "- ", "c:")) + _piece(draw)
        for _ in range(draw.randint(1, 5))
    )
    return "\n".join(lines)


def _piece(draw: random.Random) -> str:
    if draw.random() < 0.5:
        return draw.choice(PIECES)
    return "".join(draw.choice(DIGITS) for _ in range(draw.randint(1, 7)))
