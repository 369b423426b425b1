"""Writing published files: whole or not at all, and only when the content changed."""

import os
import uuid
from pathlib import Path


def beside(path: Path) -> Path:
    """A name in the same folder for a file that is still being built."""
    return path.with_name(f".{path.name}.{uuid.uuid4().hex}.building")


def write_if_changed(path: Path, content: bytes) -> bool:
    """Make ``path`` hold ``content``; a file that already does is left alone, its modification time too.

    Returns:
        Whether the file was written.
    """
    if path.exists() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    building = beside(path)
    try:
        building.write_bytes(content)
        os.replace(building, path)
    finally:
        building.unlink(missing_ok=True)
    return True
