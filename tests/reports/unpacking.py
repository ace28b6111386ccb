"""Reads the data block of a page back, as its script does."""

import base64
import gzip
import json
from typing import Any


def unpacked(text: str) -> Any:
    """Return what ``packing.packed`` made ``text`` of."""
    return json.loads(gzip.decompress(base64.b64decode(text)))
