"""A write to S3 that succeeds only where no object is: the request `minio` has no parameter for."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlsplit

from minio import Minio
from minio.credentials.credentials import Credentials
from minio.error import S3Error, ServerError
from minio.signer import sign_v4_s3
from minio.time import to_amz_date
from urllib3 import BaseHTTPResponse, PoolManager

from farandole.data.s3_settings import S3Settings

WRITER = "x-amz-meta-farandole-writer"
CONFLICT = "ConditionalRequestConflict"  # AWS: two writers met, ask again
TAKEN = 412

Headers = dict[str, str | list[str] | tuple[str]]


@dataclass(frozen=True)
class ConditionalPut:
    """One write of `content` under `key`, named by a `writer` token that no other call has.

    A retry after a lost answer meets our own object; the token stored with it tells it from
    another writer's.
    """

    bucket: str
    key: str
    content: bytes
    writer: str

    def send(self, client: Minio, http: PoolManager, settings: S3Settings, now: datetime) -> bool:
        """Send it; False when an object is there. Raises what `minio` raises."""
        url = urlsplit(client.get_presigned_url("PUT", self.bucket, self.key))._replace(query="")
        headers = self._headers(url.netloc, now)
        credentials = _credentials(settings)
        if credentials is not None:
            if credentials.session_token:
                headers["x-amz-security-token"] = credentials.session_token
            headers = sign_v4_s3(
                method="PUT",
                url=url,
                region=settings.region,
                headers=headers,
                credentials=credentials,
                content_sha256=str(headers["x-amz-content-sha256"]),
                date=now,
            )
        response = http.urlopen("PUT", url.geturl(), body=self.content, headers=headers)
        return _written(response)

    def _headers(self, host: str, now: datetime) -> Headers:
        return {
            "Host": host,
            "Content-Type": "application/octet-stream",
            "If-None-Match": "*",
            "x-amz-content-sha256": hashlib.sha256(self.content).hexdigest(),
            "x-amz-date": to_amz_date(now),
            WRITER: self.writer,
        }


def _credentials(settings: S3Settings) -> Credentials | None:
    if not settings.access_key:
        return None
    return Credentials(
        settings.access_key,
        settings.secret_key.get_secret_value(),
        settings.session_token.get_secret_value() or None,
    )


def _written(response: BaseHTTPResponse) -> bool:
    if response.status in (200, TAKEN):
        return response.status == 200
    if response.data.lstrip().startswith(b"<"):
        raise S3Error.fromxml(response)
    raise ServerError(f"status {response.status}", response.status)
