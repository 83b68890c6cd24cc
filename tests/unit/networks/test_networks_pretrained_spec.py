from __future__ import annotations

import subprocess
import sys
from hashlib import sha256
from pathlib import Path

import pytest

from farandole.api import (
    PRETRAINED,
    DataError,
    DocumentError,
    Imagenet,
    RandomWeights,
    Weights,
    WeightsFile,
)
from farandole.networks.catalogue import CATALOGUE
from farandole.networks.pretrained import featurizer_spec
from farandole.networks.weights_files import LITE0, LITE0_SHA256, declared_file

IMAGENET = Weights(imagenet=Imagenet())


def test_every_network_that_a_document_may_name_is_known() -> None:
    assert tuple(CATALOGUE) == PRETRAINED


def test_a_spec_says_what_goes_in_and_what_comes_out() -> None:
    spec = featurizer_spec(LITE0, "pooled", IMAGENET)
    assert (spec.height, spec.width, spec.channels, spec.width_out) == (224, 224, 3, 1280)


def test_a_spec_needs_no_tensorflow() -> None:
    program = (
        "import sys\n"
        "from farandole.api import Weights, Imagenet\n"
        "from farandole.networks.pretrained import featurizer_spec\n"
        "featurizer_spec('VGG16', 'pooled', Weights(imagenet=Imagenet()))\n"
        "sys.exit(bool({'tensorflow', 'keras'} & set(sys.modules)))\n"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_an_unknown_network_is_answered_with_the_nearest_names() -> None:
    with pytest.raises(DocumentError) as caught:
        featurizer_spec("resnet5O", "pooled", IMAGENET)
    assert 'received "resnet5O"' in str(caught.value)
    assert "the nearest are ResNet50" in str(caught.value)


def test_an_unknown_layer_is_refused() -> None:
    with pytest.raises(DocumentError, match=r"features\.layer: expected pooled"):
        featurizer_spec(LITE0, "block_3", IMAGENET)


def test_other_networks_and_other_weights_have_other_digests() -> None:
    weights = [IMAGENET, Weights(random=RandomWeights(seed=1)), Weights(random=RandomWeights())]
    weights += [Weights(file=WeightsFile(uri="w.h5", sha256=LITE0_SHA256[::-1]))]
    specs = [featurizer_spec(name, "pooled", w) for name in (LITE0, "VGG16") for w in weights]
    assert len({spec.digest for spec in specs}) == len(specs)


def test_a_file_is_known_by_its_content_and_not_by_its_place(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"weights")
    declared = Weights(file=WeightsFile(uri="x/b.h5", sha256=sha256(b"weights").hexdigest()))
    by_content = Weights(file=WeightsFile(uri="a.h5"))
    one = featurizer_spec("VGG16", "pooled", declared)
    other = featurizer_spec("VGG16", "pooled", by_content, read=tmp_path.joinpath)
    assert one == other


def test_a_file_that_cannot_be_read_needs_its_checksum() -> None:
    with pytest.raises(DataError, match=r"write features\.weights\.file\.sha256"):
        featurizer_spec("VGG16", "pooled", Weights(file=WeightsFile(uri="a.h5")))


def test_a_file_with_another_checksum_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.h5").write_bytes(b"other weights")
    file = WeightsFile(uri="a.h5", sha256=LITE0_SHA256)
    with pytest.raises(DataError, match=r"a\.h5: expected weights with sha256 5793"):
        declared_file(file, tmp_path.joinpath)
