"""How fast pictures become features: our step against `keras.Model.predict` over tf.data.

Both sides have the same network and the same pictures, each in a process of its own. The peer is
what a practitioner writes: tf.data decodes and resizes in parallel, batches and prefetches.

    python benchmarks/featurize.py            publishes the figures
    python benchmarks/featurize.py --dry      prints them only
"""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from figures import Figure, interleaved, publish

PICTURES = Path(__file__).parents[1] / ".farandole/samples/stamps"
PAIRS = 5
BATCH = 32
Seconds = dict[str, float]


def document() -> str:
    """Return the document whose pictures are featurized."""
    from farandole.api import Model

    recipe = {
        "task": {"kind": "ImageClassification"},
        "data": {"images": str(PICTURES), "split": {"seed": 1}},
        "features": {"network": "EfficientNetLite0"},
    }
    head = {"apiVersion": "farandole.dev/v1alpha1", "kind": "Model", "metadata": {"name": "stamps"}}
    whole = json.dumps({**head, "spec": {"recipe": recipe}})
    return Model.model_validate_json(whole).model_dump_json(by_alias=True)


def prepared(folder: Path) -> Any:
    """Prepare the pictures once, and return what the step is given."""
    from farandole.api.progress import SILENT
    from farandole.steps import featurize, prepare
    from farandole.steps.place import Place

    names = {name: str(folder / name) for name in ("store", "work", "tracking")}
    place = Place(**names, folder=str(folder))
    rows = prepare.run(prepare.Parameters(place=place, document=document()), SILENT)
    return featurize.Parameters(place=place, document=document(), prepared=rows)


def cold(folder: Path) -> Seconds:
    """Featurize with nothing kept; then once more the pass alone, with the network loaded."""
    import tensorflow  # noqa: F401  starting the process is counted apart, on both sides

    given = prepared(folder)
    return {"seconds": _step(given), "loaded": _pass(given, folder)}


def warm(folder: Path) -> Seconds:
    """Featurize with the features kept and everything after them lost, as for another split."""
    given = prepared(folder)
    return {"seconds": _step(given)}


def predict(folder: Path) -> Seconds:
    """Do it by hand: `keras.Model.predict` over tf.data."""
    import numpy as np
    import tensorflow as tf

    from farandole.api import Weights
    from farandole.api.features import Imagenet
    from farandole.networks.pretrained import featurizer

    def pixels(path: Any) -> Any:
        image = tf.io.decode_png(tf.io.read_file(path), channels=3)  # reads JPEG as well
        return tf.image.resize(image, (224, 224))

    def features() -> float:
        began = time.perf_counter()
        files = tf.data.Dataset.from_tensor_slices(paths)
        images = files.map(pixels, num_parallel_calls=tf.data.AUTOTUNE)
        batches = images.batch(BATCH).prefetch(tf.data.AUTOTUNE)
        np.save(folder / "peer.npy", network.predict(batches, verbose=0))
        return time.perf_counter() - began

    began = time.perf_counter()
    paths = sorted(str(path) for path in PICTURES.rglob("*") if path.suffix in (".png", ".jpg"))
    network = featurizer("EfficientNetLite0", "pooled", Weights(imagenet=Imagenet()), Path).model
    features()
    seconds = time.perf_counter() - began
    return {"seconds": seconds, "loaded": min(features() for _ in range(3))}


def _step(given: Any) -> float:
    from farandole.api.progress import SILENT
    from farandole.steps import featurize

    began = time.perf_counter()
    featurize.run(given, SILENT)
    return time.perf_counter() - began


def _pass(given: Any, folder: Path) -> float:
    """Compute everything anew, with the network built and traced before the clock starts."""
    from farandole.api.progress import SILENT
    from farandole.data.prepare import open_prepared
    from farandole.data.store import open_store
    from farandole.steps.rows.featurizing import work_of
    from farandole.steps.rows.pretrained_features import PretrainedFeatures

    rows = open_prepared(open_store(given.place.store), given.prepared.prefix)
    empty, features = open_store(str(folder / "again")), given.recipe().features
    wanted = PretrainedFeatures(rows, features, empty, given.place, SILENT)
    work, items = work_of(wanted), wanted.missing()
    work.compute(items[:8], 4, lambda _: None)  # traced and first called, as the peer's was
    began = time.perf_counter()
    work.compute(items[8:], 4, lambda _: None)
    return (time.perf_counter() - began) * len(items) / (len(items) - 8)


KINDS: dict[str, Callable[[Path], Seconds]] = {"cold": cold, "warm": warm, "predict": predict}


def measured(kind: str, folder: Path) -> Seconds:
    """Run one side in a process of its own; adds the whole process' seconds."""
    began = time.perf_counter()
    program = [sys.executable, __file__, kind, str(folder)]
    told = subprocess.run(program, check=True, stdout=subprocess.PIPE, text=True).stdout
    return {**json.loads(told.splitlines()[-1]), "process": time.perf_counter() - began}


def _forgotten(folder: Path, *names: str) -> Path:
    """Remove some of what is kept below the store; the prepared rows stay."""
    import shutil

    for name in names:
        shutil.rmtree(folder / name, ignore_errors=True)
    return folder


def main() -> None:
    """Measure all sides in turn, and publish the figures."""
    ours, again, theirs = list[Seconds](), list[Seconds](), list[Seconds]()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepared(folder)

        def us() -> float:
            _forgotten(folder, "again", "store/features", "store/arrays")
            ours.append(measured("cold", folder))
            _forgotten(folder, "store/arrays")
            again.append(measured("warm", folder))
            return ours[-1]["seconds"]

        def peer() -> float:
            theirs.append(measured("predict", folder))
            return theirs[-1]["seconds"]

        interleaved(us, peer, PAIRS)
    images = sum(path.suffix in (".png", ".jpg") for path in PICTURES.rglob("*"))
    figures = _figures(images, ours[1:], again[1:], theirs[1:])
    if "--dry" in sys.argv:
        print("\n".join(figure.row() for figure in figures))
        return
    publish(
        "featurize",
        "Featurizing",
        figures,
        [
            f"{images} pictures of the stamps sample by EfficientNetLite0; each side in a process"
            " of its own; what comes before TensorFlow is imported counts as process start.",
            "",
        ],
    )


def _figures(
    images: int, ours: list[Seconds], again: list[Seconds], theirs: list[Seconds]
) -> list[Figure]:
    def rates(seen: list[Seconds], what: str) -> list[float]:
        return [images / each[what] for each in seen]

    def figure(name: str, goal: str, mine: list[float], what: str, note: str) -> Figure:
        peer = rates(theirs, what)
        return Figure(name, "images/s", mine, peer, "predict over tf.data", goal, note)

    return [
        figure(
            "featurize, nothing kept", ">= 1.0", rates(ours, "seconds"), "seconds",
            "from an imported TensorFlow to arrays that are kept",
        ),
        figure(
            "the same with process start", "", rates(ours, "process"), "process", "",
        ),
        figure(
            "the pass, network loaded", "", rates(ours, "loaded"), "loaded",
            "what many pictures come near to; of the peer the best of three",
        ),
        figure(
            "featurize, features kept", ">= 50", rates(again, "seconds"), "seconds",
            "another split of the same pictures; the peer computes again",
        ),
        figure(
            "the same with process start", "", rates(again, "process"), "process", "",
        ),
    ]  # fmt: skip


if __name__ == "__main__":
    if len(sys.argv) == 3:
        print(json.dumps(KINDS[sys.argv[1]](Path(sys.argv[2]))))
    else:
        main()
