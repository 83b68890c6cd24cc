"""A store in a bucket of S3, or of a server that speaks its protocol such as MinIO."""

from __future__ import annotations

import hashlib
import io
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from time import sleep
from typing import BinaryIO, Self, cast
from urllib.parse import urlsplit

from minio import Minio
from minio.datatypes import Object
from minio.deleteobjects import DeleteObject
from minio.error import S3Error
from urllib3 import BaseHTTPResponse, PoolManager, Retry, Timeout
from urllib3.exceptions import ProtocolError, ReadTimeoutError

from farandole.api.errors import DataError
from farandole.data import disk_errors
from farandole.data.s3_conditional import CONFLICT, WRITER, ConditionalPut
from farandole.data.s3_errors import Target, explained
from farandole.data.s3_settings import S3Settings
from farandole.data.store import IllegalKey, NotFound, Stat, legal_key, legal_prefix
from farandole.data.whole_file import whole_file

IN_MEMORY = 32 << 20  # bytes of an opened object held in memory; a larger one goes to a file
CONNECTIONS = 32
TIMEOUT = Timeout(connect=5, read=60)
TEMPORARY = (500, 502, 503, 504)
CONFLICTS = 20  # how often a write that met another is sent again
PAUSE = 0.05  # seconds between two of them


class S3Store:
    """Objects of one bucket under one prefix; S3 itself makes each appear in one instant.

    Temporary failures are retried with growing pauses, in all some six seconds by default.
    """

    def __init__(self, bucket: str, prefix: str, settings: S3Settings) -> None:
        self.bucket = bucket
        self.prefix = legal_prefix(prefix)
        self.settings = settings
        self._http = PoolManager(
            maxsize=CONNECTIONS, timeout=TIMEOUT, retries=_retry(settings.retries)
        )
        self._client = Minio(
            settings.host,
            access_key=settings.access_key or None,
            secret_key=settings.secret_key.get_secret_value() or None,
            session_token=settings.session_token.get_secret_value() or None,
            secure=settings.encrypted,
            region=settings.region,
            http_client=self._http,
        )

    @classmethod
    def open_at(cls, uri: str, settings: S3Settings) -> Self:
        """Open `s3://bucket/prefix`; no request is made yet."""
        address = urlsplit(uri, allow_fragments=False)
        if not address.netloc or address.query:
            raise DataError(f"expected s3://bucket/prefix, received {uri!r}")
        return cls(address.netloc, address.path.strip("/"), settings)

    @property
    def uri(self) -> str:
        """The address `s3://bucket/prefix`."""
        return f"s3://{self.bucket}/{self.prefix}".rstrip("/")

    def get(self, key: str) -> bytes:
        """Read a whole object."""
        with self.open(key) as content:
            return content.read()

    def open(self, key: str) -> BinaryIO:
        """Read an object into a temporary file, so that the caller can seek in it."""
        content = cast(BinaryIO, tempfile.SpooledTemporaryFile(IN_MEMORY))  # noqa: SIM115  given away
        try:
            self._download(key, content)
        except BaseException:
            content.close()
            raise
        content.seek(0)
        return content

    def put(self, key: str, content: bytes) -> None:
        """Write or replace an object."""
        name = self._name(key)
        with self._explained(key):
            self._client.put_object(self.bucket, name, io.BytesIO(content), len(content))

    def put_file(self, key: str, path: Path) -> None:
        """Write or replace an object by the content of a local file, large ones in parts."""
        name = self._name(key)
        with self._explained(key), disk_errors.explained(self.uri, key):
            self._client.fput_object(self.bucket, name, str(path))

    def put_if_absent(self, key: str, content: bytes) -> bool:
        """Write an object unless it is there."""
        put = ConditionalPut(self.bucket, self._name(key), content, secrets.token_hex(16))
        with self._explained(key):
            return self._send(put) or self._writer(put.key) == put.writer

    def exists(self, key: str) -> bool:
        """Say whether the object is there."""
        return self.stat(key) is not None

    def stat(self, key: str) -> Stat | None:
        """Describe one object."""
        name = self._name(key)
        try:
            with explained(self._target(key), ask_again=lambda: self._ask(key)):
                return self._stat(self._client.stat_object(self.bucket, name))
        except NotFound:
            return None

    def list(self, prefix: str) -> Iterator[Stat]:
        """Describe every object under the prefix, a thousand a request."""
        start = self.prefix + legal_prefix(prefix)
        with self._explained(prefix):
            for found in self._client.list_objects(self.bucket, start or None, recursive=True):
                if not str(found.object_name).endswith("/"):  # the folder marks of web consoles
                    yield self._stat(found)

    def delete(self, key: str) -> None:
        """Remove an object."""
        name = self._name(key)
        with self._explained(key):
            self._client.remove_object(self.bucket, name)

    def delete_prefix(self, prefix: str) -> None:
        """Remove every object under the prefix, a thousand a request."""
        doomed = (DeleteObject(self._name(found.key)) for found in self.list(prefix))
        with self._explained(prefix):
            for error in self._client.remove_objects(self.bucket, doomed):
                raise DataError(f"{self.uri}: {error.name!r} was not deleted: {error.message}")

    def local(self, key: str, cache: Path | None = None) -> Path:
        """Download an object once for each of its contents."""
        found = self.stat(key)
        if found is None:
            raise NotFound(self.uri, key)
        path = self._cached(key, cache) / found.etag / key.rpartition("/")[2]
        if not path.exists():
            with disk_errors.explained(self.uri, key), whole_file(path) as out:
                self._download(key, out)
        return path

    def places(self, prefix: str) -> tuple[Path, ...]:
        """Name the cache folder of the prefix."""
        return (self._cached(legal_prefix(prefix), None),)

    def _cached(self, key: str, cache: Path | None) -> Path:
        folder = cache or self.settings.cache.expanduser()
        address = f"{self.settings.host}/{self.uri}"
        return folder / hashlib.sha256(address.encode()).hexdigest()[:16] / key

    def _name(self, key: str) -> str:
        name = self.prefix + legal_key(key)
        try:
            name.encode("utf-8")
        except UnicodeEncodeError:
            raise IllegalKey(f"expected a key in Unicode, received {key!r}") from None
        return name

    def _explained(self, key: str) -> AbstractContextManager[None]:
        return explained(self._target(key))

    def _target(self, key: str) -> Target:
        return Target(self.uri, key, self.settings)

    def _ask(self, key: str) -> None:
        """Read the first byte: unlike HEAD, a refusal then says why."""
        self._client.get_object(self.bucket, self._name(key), length=1).close()

    def _download(self, key: str, out: BinaryIO) -> None:
        """Copy an object, from its beginning again when the connection breaks."""
        name = self._name(key)
        with self._explained(key), disk_errors.explained(self.uri, key):
            for _ in range(self.settings.retries):
                with suppress(ProtocolError, ReadTimeoutError):
                    return _copy(self._client.get_object(self.bucket, name), out)
            return _copy(self._client.get_object(self.bucket, name), out)

    def _send(self, put: ConditionalPut) -> bool:
        for _ in range(CONFLICTS):
            with _expected(CONFLICT):
                return put.send(self._client, self._http, self.settings, datetime.now(UTC))
            sleep(PAUSE)
        return put.send(self._client, self._http, self.settings, datetime.now(UTC))

    def _writer(self, name: str) -> str | None:
        """Say who wrote the object that was in the way; nobody when it is gone."""
        with _expected("NoSuchKey"):
            return (self._client.stat_object(self.bucket, name).metadata or {}).get(WRITER)
        return None

    def _stat(self, found: Object) -> Stat:
        """Describe what was found, to the second: a HEAD request knows no more."""
        key = str(found.object_name).removeprefix(self.prefix)
        modified = (found.last_modified or datetime.fromtimestamp(0, UTC)).replace(microsecond=0)
        return Stat(key, found.size or 0, (found.etag or "").strip('"'), modified)


@contextmanager
def _expected(code: str) -> Iterator[None]:
    """Swallow the one S3 error that is expected."""
    try:
        yield
    except S3Error as error:
        if error.code != code:
            raise


def _copy(response: BaseHTTPResponse, out: BinaryIO) -> None:
    out.seek(0)
    out.truncate()
    with response:
        shutil.copyfileobj(response, out, 1 << 20)
    response.release_conn()


def _retry(times: int) -> Retry:
    return Retry(
        total=times,
        backoff_factor=0.2,
        status_forcelist=TEMPORARY,
        allowed_methods=None,
        raise_on_status=False,
    )
