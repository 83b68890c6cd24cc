"""A user's builder, `module:function` beside the document: found, digested, loaded."""

from __future__ import annotations

import ast
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import sha256
from importlib import import_module
from importlib.machinery import ModuleSpec, PathFinder
from pathlib import Path
from typing import Any

from farandole.api.errors import DocumentError, Problem
from farandole.api.identity import digest_of

Builder = Callable[..., Any]


def builder_digest(spec: str, folder: Path) -> str:
    """Give the sha256 over the builder's source and every module beside it that it imports.

    `folder` is the document's. Errors: DocumentError for a module that is not there or no Python.
    """
    sources: dict[str, Path] = {}
    _collect(spec, spec.partition(":")[0], folder, sources)
    return digest_of(
        {name: sha256(path.read_bytes()).hexdigest() for name, path in sources.items()}
    )


def load_builder(spec: str, folder: Path) -> Builder:
    """Import the builder as if from the document's folder.

    Errors: DocumentError for a module or function that is not there, or does not import.
    """
    module, _, function = spec.partition(":")
    path = _source(spec, module, folder)
    with _import_from(folder):
        _forget_another(module, path)
        try:
            found = getattr(import_module(module), function, None)
        except Exception as error:
            raise refused(
                spec, f"{type(error).__name__}: {error}", "a module that imports"
            ) from error
    if not callable(found):
        raise refused(spec, f"no function {function} in {path}", "a function of the module")
    builder: Builder = found
    return builder


def refused(spec: str, received: str, expected: str, advice: str = "") -> DocumentError:
    """Say what is wrong with the builder `spec`."""
    problem = Problem("spec.recipe.network.builder", f"{spec}: {received}", expected, advice)
    return DocumentError("model", (problem,))


def _source(spec: str, module: str, folder: Path) -> Path:
    found = _find(module, [str(folder), *sys.path])
    if found is None or found.origin is None or not found.has_location:
        raise refused(spec, f"no module {module}", f"a module in {folder.resolve()}, or installed")
    return Path(found.origin)


def _find(module: str, path: list[str]) -> ModuleSpec | None:
    """Find a module without importing it or its packages."""
    spec, name, places = None, "", path
    for part in module.split("."):
        name = f"{name}.{part}" if name else part
        spec = PathFinder.find_spec(name, places)
        if spec is None:
            return None
        places = list(spec.submodule_search_locations or [])
    return spec


def _collect(spec: str, module: str, folder: Path, sources: dict[str, Path]) -> None:
    path = _source(spec, module, folder)
    sources[module] = path
    for imported in _imports(spec, path, module):
        found = _find(imported, [str(folder)])
        if imported not in sources and found is not None and found.has_location:
            _collect(spec, imported, folder, sources)


def _imports(spec: str, path: Path, module: str) -> Iterator[str]:
    """Yield the modules that a source may import, `from a import b` as both a and a.b."""
    try:
        tree = ast.parse(path.read_bytes(), str(path))
    except SyntaxError as error:
        raise refused(spec, f"{path}, line {error.lineno}: {error.msg}", "Python source") from error
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")[: -node.level] if node.level else []
            name = ".".join([*package, *([node.module] if node.module else [])])
            yield from (name, *(f"{name}.{alias.name}".lstrip(".") for alias in node.names))


@contextmanager
def _import_from(folder: Path) -> Iterator[None]:
    place = str(folder.resolve())
    sys.path.insert(0, place)
    try:
        yield
    finally:
        sys.path.remove(place)


def _forget_another(module: str, path: Path) -> None:
    """Let go of a module of the same name that came from elsewhere."""
    known = getattr(sys.modules.get(module), "__file__", None)
    if known is not None and Path(known).resolve() != path.resolve():
        del sys.modules[module]
