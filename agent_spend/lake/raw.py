"""Vendors' answers as received: one compressed file a fetch, never overwritten."""

import hashlib
import json
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import zstandard

from agent_spend.sources.http import Answer


def keep(raw_dir: Path, feed: str, day: date, answers: Sequence[Answer]) -> Path | None:
    """Store the answers of one partition as ``<feed>/<day>/<fetched_at>-<hash>.ndjson.zst``.

    Each line is one answer: url, status, received_at and the body as text. An answer whose bodies are the same as in
    the newest stored file is not stored again.

    Returns:
        The new file, or ``None`` when nothing new was kept.
    """
    if not answers:
        return None
    digest = hashlib.sha256(b"\n".join(answer.body for answer in answers)).hexdigest()[:16]
    folder = raw_dir / feed / day.isoformat()
    newest = max(folder.glob("*.ndjson.zst"), default=None)
    if newest is not None and newest.name.split(".")[0].endswith(digest):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    fetched_at = max(answer.received_at for answer in answers).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"{fetched_at}-{digest}.ndjson.zst"
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file, zstandard.ZstdCompressor(level=3).stream_writer(file) as packed:
        for answer in answers:
            line = {
                "url": answer.url, "status": answer.status, "received_at": answer.received_at.isoformat(),
                "body": answer.body.decode("utf-8", "replace"),
            }
            packed.write(json.dumps(line, ensure_ascii=False).encode() + b"\n")
    partial.rename(path)
    return path
