"""Legacy `.pth` files written without torch, sound and malicious ones, for tests."""

from __future__ import annotations

import pickle
import struct
from collections import OrderedDict
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

MAGIC = 0x1950A86A20F9469CFC6C
STORAGES = {"float32": "FloatStorage", "float64": "DoubleStorage", "int64": "LongStorage"}


def pth(arrays: Mapping[str, NDArray[Any]], magic: int = MAGIC) -> bytes:
    """Write arrays as torch did before 1.6, each in a storage of its own."""
    sizes = {"protocol_version": 1001, "little_endian": True, "type_sizes": {}}
    heads = [pickle.dumps(value, protocol=2) for value in (magic, 1001, sizes)]
    keys = [str(100 + number) for number in range(len(arrays))]
    numbers = [struct.pack("<q", a.size) + a.tobytes() for a in arrays.values()]
    return b"".join([*heads, _state(arrays, keys), pickle.dumps(keys, protocol=2), *numbers])


def tensor(
    storage: str,
    key: str,
    count: int,
    shape: tuple[int, ...],
    offset: int = 0,
    strides: tuple[int, ...] | None = None,
) -> bytes:
    """Write the opcodes of one tensor over a storage of `count` numbers; contiguous by default."""
    if strides is None:
        strides = tuple(np.cumprod([1, *shape[:0:-1]])[::-1].tolist()) if shape else ()
    parts = [
        b"ctorch._utils\n_rebuild_tensor_v2\n(",
        b"(", text("storage"), b"ctorch\n" + storage.encode() + b"\n", text(key), text("cpu"),
        whole(count), b"N", b"tQ",
        whole(offset), numbers(shape), numbers(strides),
        b"\x89", b"ccollections\nOrderedDict\n)R", b"tR",
    ]  # fmt: skip
    return b"".join(parts)


def state(entries: Mapping[str, bytes]) -> bytes:
    """Write the opcodes of an ordered dictionary."""
    pairs = b"".join(text(name) + value for name, value in entries.items())
    return b"\x80\x02ccollections\nOrderedDict\n)R(" + pairs + b"u."


def with_state(content: bytes) -> bytes:
    """Put the pickle of a state where a file has it, nothing after it."""
    sizes = {"little_endian": True}
    return b"".join(pickle.dumps(v, protocol=2) for v in (MAGIC, 1001, sizes)) + content


def text(value: str) -> bytes:
    """Write the opcode of a text."""
    encoded = value.encode()
    return b"X" + struct.pack("<i", len(encoded)) + encoded


def whole(value: int) -> bytes:
    """Write the opcode of a whole number."""
    return b"J" + struct.pack("<i", value)


def numbers(values: Any) -> bytes:
    """Write the opcodes of a tuple of whole numbers."""
    return b"(" + b"".join(whole(value) for value in values) + b"t"


def _state(arrays: Mapping[str, NDArray[Any]], keys: list[str]) -> bytes:
    return state(
        OrderedDict(
            (name, tensor(STORAGES[str(a.dtype)], key, a.size, a.shape))
            for (name, a), key in zip(arrays.items(), keys, strict=True)
        )
    )
