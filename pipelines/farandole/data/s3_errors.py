"""What S3 answers when it refuses, said so that a person knows what to do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from minio.error import InvalidResponseError, MinioException, S3Error
from urllib3.exceptions import HTTPError, MaxRetryError, ProtocolError, ReadTimeoutError, SSLError

from farandole.api.errors import DataError
from farandole.data.s3_settings import S3Settings
from farandole.data.store import NotFound, StoreFull, StoreUnavailable

ABSENT = ("NoSuchKey", "NoSuchObject", "XMinioInvalidObjectName")
FULL = (
    "XMinioStorageFull",
    "XMinioAdminBucketQuotaExceeded",
    "QuotaExceeded",
    "InsufficientStorage",
)
BUSY = ("SlowDown", "ServiceUnavailable", "InternalError", "RequestTimeout", "SlowDownWrite")
REFUSED = {
    "InvalidAccessKeyId": "the server does not know the access key {user};"
    " check FARANDOLE_S3_ACCESS_KEY",
    "SignatureDoesNotMatch": "the secret key is not the one of the access key {user};"
    " check FARANDOLE_S3_SECRET_KEY",
    "ExpiredToken": "the temporary key {user} has expired; get a new one and run again",
    "AccessDenied": "{user} has no right to do this;"
    " ask for reading, writing, listing and deleting under {uri}",
    "AllAccessDisabled": "all access to the bucket is switched off; ask its owner",
    "NoSuchBucket": "there is no such bucket at {host};"
    " create it, or correct the name or FARANDOLE_S3_ENDPOINT",
    "AuthorizationHeaderMalformed": "the bucket is not in the region {region!r};"
    " set FARANDOLE_S3_REGION",
    "PermanentRedirect": "the bucket is not in the region {region!r}; set FARANDOLE_S3_REGION",
    "RequestTimeTooSkewed": "the clock of this machine is off; set it right and run again",
    "NotImplemented": "the server has no conditional writes (If-None-Match), which one-of-many"
    " writes need; use AWS S3, MinIO or another server that has them",
    "XMinioParentIsObject": "a key that is a folder of this one is an object already;"
    " use another key",
    "KeyTooLongError": "the key is too long for the server; shorten it or the prefix",
}


@dataclass(frozen=True)
class Target:
    """What a request was about: the store, the key and the settings it was sent with."""

    uri: str
    key: str
    settings: S3Settings

    def __str__(self) -> str:
        """Name the object as a person would type it."""
        return f"{self.uri}/{self.key}" if self.key else self.uri


@contextmanager
def explained(target: Target, ask_again: Callable[[], None] | None = None) -> Iterator[None]:
    """Turn what `minio` and `urllib3` raise into NotFound, StoreFull, StoreUnavailable, DataError.

    A refused HEAD request has no body that would tell why; `ask_again` is a request of another
    kind that is then made for the sake of its answer.
    """
    try:
        yield
    except S3Error as error:
        if ask_again is not None and error.code == "AccessDenied":
            with explained(target):
                ask_again()
        raise _answer(target, error) from error
    except (InvalidResponseError, MinioException, HTTPError) as error:
        raise _no_answer(target, error) from error


def _answer(target: Target, error: S3Error) -> DataError:
    code = error.code or "no code"
    if code in ABSENT:
        return NotFound(target.uri, target.key)
    if code in FULL:
        return StoreFull(
            f"{target}: the server's disk or quota is full, the object was not written;"
            " free some space and run again"
        )
    if code in BUSY:
        return StoreUnavailable(f"{target}: the server is too busy ({code}); run again later")
    reason = REFUSED.get(code, error.message or "no reason given")
    settings = target.settings
    said = reason.format(
        user=repr(settings.access_key) if settings.access_key else "a request without a key",
        uri=target.uri,
        host=settings.host,
        region=settings.region,
    )
    return DataError(f"{target} was refused: {said} ({code})")


def _no_answer(target: Target, error: Exception) -> DataError:
    settings = target.settings
    cause = error.reason if isinstance(error, MaxRetryError) and error.reason else error
    if isinstance(cause, SSLError):
        advice = "check the certificate, or set FARANDOLE_S3_SECURE=false for a server without TLS"
        return DataError(f"{target}: no TLS connection to {settings.host} ({cause}); {advice}")
    if isinstance(error, MinioException):
        return DataError(
            f"{target}: {settings.host} answered, but not as S3 does ({_short(error)});"
            " check FARANDOLE_S3_ENDPOINT, also its http:// or https://"
        )
    if isinstance(cause, ProtocolError | ReadTimeoutError):
        return StoreUnavailable(
            f"{target}: the connection to {settings.host} broke ({_short(cause)}); run again"
        )
    return StoreUnavailable(
        f"{target}: no S3 server answered at {settings.host} ({_short(cause)});"
        " check FARANDOLE_S3_ENDPOINT and the network, then run again"
    )


def _short(error: BaseException) -> str:
    text = " ".join(str(error).split())
    return text if len(text) <= 200 else text[:200] + "..."
