"""The same images in a folder and on S3 are the same data."""

from pathlib import Path

import pytest

from farandole.api.data import Data
from farandole.data.folder_store import FolderStore
from farandole.data.prepare import prepare
from farandole.data.s3_store import S3Store
from tests.support.data_pictures import class_folders
from tests.support.data_stores import BUCKET, opener


def test_the_data_digest_is_the_same_in_a_folder_and_on_s3(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    images = class_folders(tmp_path / "images", {"cat": 20, "dog": 20})
    local, remote = FolderStore(tmp_path / "local"), FolderStore(tmp_path / "remote")
    with opener("moto", tmp_path / "s3") as open_bucket:
        bucket = open_bucket("stamps")
        assert isinstance(bucket, S3Store)
        for path in images.rglob("*.png"):
            bucket.put_file(path.relative_to(images).as_posix(), path)
        settings = bucket.settings
        monkeypatch.setenv("FARANDOLE_S3_ENDPOINT", settings.endpoint)
        monkeypatch.setenv("FARANDOLE_S3_ACCESS_KEY", settings.access_key)
        monkeypatch.setenv("FARANDOLE_S3_SECRET_KEY", settings.secret_key.get_secret_value())
        there = Data(images=f"s3://{BUCKET}/stamps")
        on_s3 = prepare(there, "ImageClassification", tmp_path, remote)
    in_folder = prepare(Data(images="images"), "ImageClassification", tmp_path, local)
    assert on_s3.prefix == in_folder.prefix
    assert on_s3.manifest == in_folder.manifest
