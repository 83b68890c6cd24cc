"""Reading the document that a person names."""

from __future__ import annotations

from pathlib import Path

from farandole.api import DocumentError, Model, Problem, read_model


def read_document(path: Path) -> Model:
    """Read a Model document from a file; raises DocumentError, also when there is no such file."""
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        problem = Problem("the file", reason, "a YAML file in UTF-8 that can be read")
        raise DocumentError(str(path), (problem,)) from error
    return read_model(text, str(path))
