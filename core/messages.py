"""Values and bytes over a pipe between two processes: numbers, texts and lists as JSON, bytes as they are.

Nothing that is read can run anything: who unpacked a stranger's picture may have been taken over by it.
"""

import json
import os
import struct
from typing import Any

MOST_TOLD, MOST_BYTES = 1 << 20, 1 << 28
"""Of values, and of each piece of bytes: 40 megapixels that nothing makes smaller are 160 MB."""
_HEAD = struct.Struct(">I")
_BYTES = "bytes"


def send(pipe: int, value: Any) -> None:
    """Write one message; anything made of JSON's values and bytes. Raises OSError when nobody reads any more."""
    files: list[bytes] = []
    told = json.dumps(_packed(value, files)).encode()
    for part in (_HEAD.pack(len(told)) + told, *files):
        _write(pipe, part)


def receive(pipe: int) -> Any:
    """Read one message; tuples come as lists. Raises EOFError when who writes is gone, and others for no message."""
    (length,) = _HEAD.unpack(_read(pipe, _HEAD.size))
    return _unpacked(json.loads(_read(pipe, length, MOST_TOLD)), pipe)


def _packed(value: Any, files: list[bytes]) -> Any:
    if isinstance(value, bytes):
        files.append(value)
        return {_BYTES: len(value)}
    return [_packed(part, files) for part in value] if isinstance(value, list | tuple) else value


def _unpacked(value: Any, pipe: int) -> Any:
    """In the order in which they were packed, so that each takes its own bytes."""
    if isinstance(value, dict):
        return _read(pipe, int(value[_BYTES]))
    return [_unpacked(part, pipe) for part in value] if isinstance(value, list) else value


def _write(pipe: int, data: bytes) -> None:
    rest = memoryview(data)
    while rest:
        rest = rest[os.write(pipe, rest) :]


def _read(pipe: int, length: int, most: int = MOST_BYTES) -> bytes:
    if not 0 <= length <= most:
        raise ValueError(length)
    data = bytearray(length)
    rest = memoryview(data)
    while rest:
        count = os.readv(pipe, [rest])
        if not count:
            raise EOFError
        rest = rest[count:]
    return bytes(data)
