from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farandole.api import DocumentError, ExitCode, read_model
from farandole.api.paths import Loc, path_of
from tests.support.api_documents import (
    IMAGES,
    PIXELS,
    RICH,
    TABLE,
    altered,
    document,
    json_values,
    places,
    problems_of,
    read,
    unhurried,
    without,
)

MANY_WRONG = """\
apiVersion: farandole.dev/v1alpha1
kind: Model
metadata: {name: Stamps_1}
spec:
  recipe:
    task: {kind: ImageClasification}
    data:
      image: s3://datasets/stamps
      split:
        fractions: {train: 0.7, validation: 0.2, test: 0.15}
        seed: on
    features:
      network: EficientNetLite0
      augment: {flip: yes, copies: "2"}
    network:
      layers:
      - {dense: {units: 64}}
      - {conv2D: {filters: 3, kernel: 0}}
      - dropout
    trainning:
      globalBatch: 1_000
      optimizer: {sgd: {}, adam: {}}
      loss: {huber: {}}
      epochs:
    evaluation: {metric: rmse}
  placement:
    workers: 100
    workers: 2
"""


def messages(text: str) -> list[str]:
    with pytest.raises(DocumentError) as caught:
        read_model(text, "model.yaml")
    return [str(problem) for problem in caught.value.problems]


def test_a_document_is_told_all_of_its_problems_at_once_in_the_order_of_its_lines() -> None:
    told = messages(MANY_WRONG)
    places_told = [message.split(":")[0] for message in told]
    assert places_told == [
        "metadata.name (line 3)",
        "spec.recipe.task.kind (line 6)",
        "spec.recipe.data.image (line 8)",
        "spec.recipe.data.split.fractions (line 10)",
        "spec.recipe.data.split.seed (line 11)",
        "spec.recipe.features.network (line 13)",
        "spec.recipe.features.augment.copies (line 14)",
        "spec.recipe.features.augment.flip (line 14)",
        "spec.recipe.network.layers[1].conv2D (line 18)",
        "spec.recipe.network.layers[1].conv2D.kernel (line 18)",
        "spec.recipe.network.layers[2] (line 19)",
        "spec.recipe.trainning (line 20)",
        "spec.recipe.trainning.globalBatch (line 21)",
        "spec.recipe.trainning.optimizer (line 22)",
        "spec.recipe.trainning.loss (line 23)",
        "spec.recipe.trainning.epochs (line 24)",
        "spec.recipe.evaluation.metric (line 25)",
        "spec.placement.workers (line 28)",
    ]


def test_the_error_names_the_source_counts_the_problems_and_has_an_exit_code() -> None:
    with pytest.raises(DocumentError, match=r"model\.yaml: 18 problems\n  metadata") as caught:
        read_model(MANY_WRONG, "model.yaml")
    assert caught.value.exit_code == ExitCode.DOCUMENT


@pytest.mark.parametrize("recipe", [IMAGES, TABLE, PIXELS, RICH])
def test_a_document_is_read_with_its_defaults(recipe: dict[str, Any]) -> None:
    model = read(document(recipe))
    assert read(model.to_json()) == model
    assert model.registered_model == "stamps"
    assert model.spec.recipe.training.patience() in (3, 5)


def test_parts_that_are_aliased_or_merged_are_read() -> None:
    text = json.dumps(document(altered(PIXELS, "training.epochs", 3)))
    text = text.replace('"epochs": 3', '"<<": "PART"')
    assert "<<" in messages(text)[0]
    merged = text.replace('"<<": "PART"', "<<: {epochs: 3, clipNorm: 1}, epochs: 4")
    training = read_model(merged, "model.yaml").spec.recipe.training
    assert (training.epochs, training.clip_norm) == (4, 1.0)


@pytest.mark.parametrize(
    "text, told",
    [
        ("", "a document that begins with apiVersion, received an empty text"),
        ("- a", "a map that begins with apiVersion: farandole.dev/v1alpha1, received a list of 1"),
        ("hello", 'received "hello"'),
        ("kind: Deployment\nspec: {replicas: 3}", 'kind (line 1): expected Model, received "Depl'),
        ("kind: TrainingJob", '"TrainingJob", which is not yet served'),
        ("kind: ModelRun", '"ModelRun", which is not yet served'),
        ("spec: [", "expected YAML"),
        ("a: 1\n---\nb: 1", "received 2 documents"),
        ("x" * 500_001, "at most 500,000"),
        ("[" * 100 + "]" * 100, "more than 64 levels"),
    ],
)
def test_what_is_no_model_at_all_is_one_problem(text: str, told: str) -> None:
    (message,) = messages(text)
    assert told in message


def test_an_empty_model_lacks_its_four_parts() -> None:
    found = messages("kind: Model")
    assert [message.split(" ")[0] for message in found] == ["apiVersion", "metadata", "spec"]


def test_a_deep_document_is_refused_and_not_a_crash() -> None:
    text = "[" * 2_000
    assert len(messages(text)) == 1


def test_what_is_missing_does_not_hide_what_is_wrong_elsewhere() -> None:
    content = without(altered(document(IMAGES), "spec.placement.workers", 100), "metadata.name")
    content = without(content, "spec.recipe.data")
    found = [problem.path for problem in problems_of(content)]
    assert found == ["metadata.name", "spec.placement.workers", "spec.recipe.data"]


PLACES = [loc for loc in places(document(RICH)) if loc]


@unhurried
@given(st.sampled_from(PLACES), json_values)
def test_anything_at_any_place_is_read_or_refused_there(loc: Loc, value: Any) -> None:
    """No value crashes the reader, and a part that became wrong is not taken for another."""
    problems = problems_of(altered(document(RICH), path_of(loc), value))
    assert all(problem.received and problem.expected for problem in problems)
    assert len({problem.path for problem in problems}) <= 8 + len(list(places(value)))


@unhurried
@given(st.text(alphabet="abc:-[]{}#&*!|>'\"\n \t%@`<,?0123on", max_size=60))
def test_any_text_is_refused_and_not_a_crash(text: str) -> None:
    with pytest.raises(DocumentError):
        read_model(text, "model.yaml")
