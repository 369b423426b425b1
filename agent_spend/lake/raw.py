"""Vendors' answers as received: one compressed file a fetch, never overwritten."""

import codecs
import hashlib
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import msgspec
import zstandard

from agent_spend.sources.answers import Received


def keep(raw_dir: Path, feed: str, day: date, answers: Sequence[Received]) -> Path | None:
    """Store the answers of one partition as ``<feed>/<day>/<fetched_at>-<hash>.ndjson.zst``.

    Each line is one answer: url, status, received_at and the body as text. An answer whose bodies are the same as in
    the newest stored file is not stored again. Bodies are read in pieces.

    Returns:
        The new file, or ``None`` when nothing new was kept.
    """
    if not answers:
        return None
    digest = _digest(answers)
    folder = raw_dir / feed / day.isoformat()
    newest = max(folder.glob("*.ndjson.zst"), default=None)
    if newest is not None and newest.name.split(".")[0].endswith(digest):
        return None
    folder.mkdir(parents=True, exist_ok=True)
    fetched_at = max(answer.received_at for answer in answers).strftime("%Y%m%dT%H%M%S%fZ")
    path = folder / f"{fetched_at}-{digest}.ndjson.zst"
    partial = path.with_suffix(".partial")
    try:
        with partial.open("wb") as file, zstandard.ZstdCompressor(level=1).stream_writer(file) as packed:
            for answer in answers:
                _write_line(packed, answer)
        partial.replace(path)
    finally:
        partial.unlink(missing_ok=True)
    return path


def _digest(answers: Sequence[Received]) -> str:
    digest = hashlib.sha256()
    for number, answer in enumerate(answers):
        if number:
            digest.update(b"\n")
        for chunk in answer.chunks():
            digest.update(chunk)
    return digest.hexdigest()[:16]


def _write_line(packed, answer: Received) -> None:
    head = {"url": answer.url, "status": answer.status, "received_at": answer.received_at.isoformat()}
    packed.write(msgspec.json.encode(head)[:-1] + b',"body":"')
    decoder = codecs.getincrementaldecoder("utf-8")("replace")
    for chunk in answer.chunks():
        packed.write(msgspec.json.encode(decoder.decode(chunk))[1:-1])
    packed.write(msgspec.json.encode(decoder.decode(b"", final=True))[1:-1] + b'"}\n')
