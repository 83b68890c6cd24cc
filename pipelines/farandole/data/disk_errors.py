"""What a disk answers when it refuses, said so that a person knows what to do."""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from farandole.api.errors import DataError
from farandole.data.store import StoreFull

FULL = (errno.ENOSPC, errno.EDQUOT)


@contextmanager
def explained(uri: str, key: str) -> Iterator[None]:
    """Turn an OSError met while handling `key` into StoreFull or DataError."""
    try:
        yield
    except OSError as error:
        raise _refused(uri, key, error) from error


def _refused(uri: str, key: str, error: OSError) -> DataError:
    if error.errno in FULL:
        return StoreFull(
            f"{uri}: the disk is full, {key!r} was not written and nothing else was changed;"
            " free some space and run again"
        )
    reason = error.strerror or str(error)
    place = f" at {error.filename}" if error.filename else ""
    return DataError(f"{uri}: {key!r} was refused by the disk: {reason}{place}")
