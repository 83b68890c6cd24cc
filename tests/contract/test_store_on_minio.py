"""What only a real S3 server shows: whose key it is, what it may do, what half a write leaves."""

from __future__ import annotations

import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from minio import MinioAdmin
from minio.credentials.providers import StaticProvider
from pydantic import SecretStr

from farandole.api.errors import DataError
from farandole.data.s3_settings import S3Settings
from farandole.data.s3_store import S3Store
from tests.support.data_stores import BUCKET, PASSWORD, USER, s3_client, settings_of
from tests.support.servers import minio_server

pytestmark = pytest.mark.server


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> Iterator[S3Settings]:
    folder = tmp_path_factory.mktemp("minio")
    with minio_server(folder / "disk", USER, PASSWORD) as host:
        settings = settings_of(host, folder / "cache")
        s3_client(settings).make_bucket(BUCKET)
        S3Store(BUCKET, "", settings).put("there", b"content")
        yield settings


def attempts(store: S3Store) -> list[Callable[[], Any]]:
    return [
        lambda: store.get("there"),
        lambda: store.exists("there"),
        lambda: store.put("new", b""),
        lambda: store.put_if_absent("new", b""),
        lambda: list(store.list("")),
        lambda: store.delete("there"),
        lambda: store.delete_prefix(""),
        lambda: store.local("there"),
    ]


@pytest.mark.parametrize(
    "changed, message",
    [
        ({"secret_key": SecretStr("a-wrong-secret")}, "secret key is not the one of .*SECRET_KEY"),
        ({"access_key": "stranger"}, "does not know the access key 'stranger'.*S3_ACCESS_KEY"),
        ({"access_key": "", "secret_key": SecretStr("")}, "a request without a key has no right"),
    ],
)
def test_a_wrong_key_is_named_whatever_is_asked(
    settings: S3Settings, changed: dict[str, Any], message: str
) -> None:
    for attempt in attempts(S3Store(BUCKET, "", settings.model_copy(update=changed))):
        with pytest.raises(DataError, match=message):
            attempt()

    assert S3Store(BUCKET, "", settings).get("there") == b"content"


def test_a_bucket_that_is_not_there_is_named(settings: S3Settings) -> None:
    store = S3Store("no-such-bucket", "", settings)
    requests: list[Callable[[], Any]] = [
        lambda: store.get("a"),
        lambda: store.put("a", b""),
        lambda: store.put_if_absent("a", b""),
        lambda: list(store.list("")),
    ]
    for attempt in requests:
        with pytest.raises(DataError, match=r"s3://no-such-bucket.*there is no such bucket"):
            attempt()


def test_a_key_that_may_only_read_is_told_so(settings: S3Settings) -> None:
    credentials = StaticProvider(USER, PASSWORD)
    admin = MinioAdmin(endpoint=settings.host, credentials=credentials, secure=False)
    admin.user_add("reader", "reader-secret")
    admin.policy_set("readonly", user="reader")
    reader = S3Store(
        BUCKET,
        "",
        settings.model_copy(
            update={"access_key": "reader", "secret_key": SecretStr("reader-secret")}
        ),
    )

    assert reader.get("there") == b"content"
    requests: list[Callable[[], Any]] = [
        lambda: reader.put("there", b"other"),
        lambda: reader.put_if_absent("new", b""),
        lambda: reader.delete("there"),
    ]
    for attempt in requests:
        with pytest.raises(DataError, match="'reader' has no right to do this; ask for"):
            attempt()
    assert reader.get("there") == b"content"


@pytest.mark.parametrize("key, before", [("torn/new", None), ("torn/old", b"old")])
def test_a_write_that_broke_off_leaves_what_was_there(
    settings: S3Settings, key: str, before: bytes | None
) -> None:
    store = S3Store(BUCKET, "", settings)
    if before is not None:
        store.put(key, before)
    url = urlsplit(s3_client(settings).get_presigned_url("PUT", BUCKET, key))

    with socket.create_connection((url.hostname or "", url.port or 0)) as connection:
        connection.sendall(
            f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: {url.netloc}\r\n"
            f"Content-Length: 1000000\r\n\r\n".encode()
            + bytes(400_000)
        )

    assert store.exists(key) == (before is not None)
    assert [found.key for found in store.list("torn")] == ([key] if before is not None else [])
    if before is not None:
        assert store.get(key) == before
        store.delete(key)
