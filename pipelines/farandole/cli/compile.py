"""`farandole compile`: the pipeline of a document as Kubeflow reads it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from farandole.api import DocumentError, Problem
from farandole.cli.consoles import out
from farandole.cli.documents import read_document
from farandole.cli.ending import ending
from farandole.cli.options import Document
from farandole.flows.document import canonical_document


def compile_(
    document: Document,
    output: Annotated[
        Path | None,
        typer.Option("-o", "--output", help="File to write; else DOCUMENT.pipeline.yaml."),
    ] = None,
    kubernetes: Annotated[
        bool,
        typer.Option("--kubernetes", help="Write Pipeline and PipelineVersion manifests instead."),
    ] = False,
    namespace: Annotated[str, typer.Option(help="Namespace of the manifests.")] = "kubeflow",
    image: Annotated[
        str | None, typer.Option(help="Image that holds the steps.", show_default=False)
    ] = None,
) -> None:
    """Write the pipeline that `farandole run` executes here and Kubeflow on a cluster.

    Its parameter `document` has the document as its default; `place` says where the steps read
    and write. Needs neither TensorFlow nor MLflow.
    """
    with ending(as_json=False):
        model = read_document(document)
        target = _checked(output or document.with_suffix(".pipeline.yaml"))
        from farandole.flows import compiling
        from farandole.flows.components import IMAGE

        name, arguments = model.metadata.name, {"document": canonical_document(model)}
        if kubernetes:
            compiling.compile_manifests(name, target, arguments, namespace, image or IMAGE)
        else:
            compiling.compile_pipeline(name, target, arguments, image or IMAGE)
        out().print(f"Wrote {target}", soft_wrap=True)


def _checked(target: Path) -> Path:
    """Refuse what the compiler cannot write, in a line: it answers with a traceback."""
    expected = ""
    if target.suffix not in (".yaml", ".yml") or target.is_dir():
        expected = "a file that ends with .yaml"
    elif not target.parent.is_dir():
        expected = "a file in a folder that is there"
    if expected:
        raise DocumentError(
            "farandole compile", (Problem("--output", str(target), expected, "name another"),)
        )
    return target
