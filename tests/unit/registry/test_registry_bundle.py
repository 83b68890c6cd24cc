"""A bundle says at once what an artifact of its kind would miss."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from tests.support.registry_models import picture_bundle, table_bundle


@pytest.mark.parametrize(
    "more, message",
    [
        ({"image": None, "decode": None}, "image, decode"),
        ({"classes": ("one",)}, "two or more different classes"),
        ({"classes": ("one", "one")}, "two or more different classes"),
        ({"classes": ("a", "b", "c"), "threshold": 0.5}, "two classes, received 3"),
        ({"kind": "table"}, "columns, encoder, encoding"),
    ],
)
def test_what_would_not_make_a_whole_artifact_is_refused(
    more: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        picture_bundle(Path("network"), **more)


def test_a_regression_needs_no_classes() -> None:
    assert table_bundle(Path("network")).classes == ()
