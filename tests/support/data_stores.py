"""Stores to test against: a folder, S3 emulated by moto, and a real MinIO server."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from threading import Thread
from typing import Protocol

from minio import Minio
from pydantic import SecretStr

from farandole.data.folder_store import FolderStore
from farandole.data.s3_settings import S3Settings
from farandole.data.s3_store import S3Store
from farandole.data.store import Store
from tests.support.servers import minio_server

BUCKET = "farandole"
USER, PASSWORD = "farandole-tests", "a-secret-of-the-tests"


class Opener(Protocol):
    """Opens an empty store of one kind under a name of its own."""

    def __call__(self, name: str) -> Store: ...


def opener(kind: str, folder: Path) -> AbstractContextManager[Opener]:
    """Give the means to open stores of one kind; a server runs until the block ends."""
    kinds = {"folder": _folders, "moto": _moto, "minio": _minio}
    return kinds[kind](folder)


def settings_of(host: str, cache: Path, password: str = PASSWORD) -> S3Settings:
    """Describe an S3 server of this machine."""
    return S3Settings(
        endpoint=f"http://{host}",
        access_key=USER,
        secret_key=SecretStr(password),
        cache=cache,
        retries=2,
    )


def s3_client(settings: S3Settings) -> Minio:
    """Reach the server behind a store's back."""
    return Minio(
        settings.host,
        access_key=settings.access_key,
        secret_key=settings.secret_key.get_secret_value(),
        secure=settings.encrypted,
        region=settings.region,
    )


@contextmanager
def moto_server() -> Iterator[str]:
    """Run moto in a thread and give its host:port; one request at a time, as it has no locks."""
    from moto.server import DomainDispatcherApplication, create_backend_app
    from werkzeug.serving import make_server

    server = make_server("127.0.0.1", 0, DomainDispatcherApplication(create_backend_app))
    thread = Thread(target=server.serve_forever, args=[0.01], daemon=True)
    thread.start()
    try:
        yield f"127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


@contextmanager
def _folders(folder: Path) -> Iterator[Opener]:
    yield lambda name: FolderStore(folder / name)


@contextmanager
def _moto(folder: Path) -> Iterator[Opener]:
    with moto_server() as host:
        yield _buckets(settings_of(host, folder / "cache"))


@contextmanager
def _minio(folder: Path) -> Iterator[Opener]:
    with minio_server(folder / "disk", USER, PASSWORD) as host:
        yield _buckets(settings_of(host, folder / "cache"))


def _buckets(settings: S3Settings) -> Opener:
    s3_client(settings).make_bucket(BUCKET)
    return lambda name: S3Store(BUCKET, name, settings)
