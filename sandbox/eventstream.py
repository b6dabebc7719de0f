"""AWS's event stream encoding (application/vnd.amazon.eventstream): frames with headers and checksums. Pure."""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping
from typing import Any
from zlib import crc32

CONTENT_TYPE = "application/vnd.amazon.eventstream"
_STRING = 7  # a header value's type
_PRELUDE, _CHECKSUM = 12, 4


def event(kind: str, document: Mapping[str, Any]) -> bytes:
    """One event with a JSON payload; `kind` is the member's name in the service model."""
    headers = {":message-type": "event", ":event-type": kind, ":content-type": "application/json"}
    return frame(headers, json.dumps(document).encode())


def frame(headers: Mapping[str, str], payload: bytes) -> bytes:
    encoded = b"".join(_header(name, value) for name, value in headers.items())
    total = _PRELUDE + len(encoded) + len(payload) + _CHECKSUM
    prelude = struct.pack("!II", total, len(encoded))
    message = prelude + struct.pack("!I", crc32(prelude)) + encoded + payload
    return message + struct.pack("!I", crc32(message))


def _header(name: str, value: str) -> bytes:
    key, text = name.encode(), value.encode()
    return struct.pack("!B", len(key)) + key + struct.pack("!BH", _STRING, len(text)) + text
