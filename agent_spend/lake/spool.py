"""Rows on their way into the lake: Arrow batches, in memory while they are few, in a nameless file when they are many."""

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO

import pyarrow as pa

#: Most rows that a batch is made of.
BATCH_ROWS = 2048
_PACKED = pa.ipc.IpcWriteOptions(compression="lz4")


class Spool:
    """An append-only table of bounded memory with the two members of ``pyarrow.Table`` that the lake reads it by.

    Args:
        folder: where the file is made once there is more than ``memory_bytes``; it has no name and goes with the spool.
    """

    def __init__(self, schema: pa.Schema, folder: Path, memory_bytes: int = 1 << 20):
        self.schema = schema
        self.num_rows = 0
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._batches: list[pa.RecordBatch] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None
        self._writer: pa.ipc.RecordBatchStreamWriter | None = None

    def __len__(self) -> int:
        return self.num_rows

    def empty(self) -> "Spool":
        """Another one of the same kind, without rows."""
        return Spool(self.schema, self._folder, self._memory_bytes)

    def append(self, batch: pa.RecordBatch) -> None:
        """Add a batch of :attr:`schema`; not while it is read."""
        self.num_rows += batch.num_rows
        self._bytes += batch.nbytes
        self._batches.append(batch)
        if self._bytes > self._memory_bytes:
            self._write_out()

    def extend(self, batches: Iterable[pa.RecordBatch]) -> None:
        """Add several batches."""
        for batch in batches:
            self.append(batch)

    def to_reader(self) -> pa.RecordBatchReader:
        """All batches from the first; one reader at a time."""
        return pa.RecordBatchReader.from_batches(self.schema, self._read())

    def _read(self) -> Iterator[pa.RecordBatch]:
        if self._file is not None:
            end = self._file.tell()
            self._file.seek(0)
            try:
                # More rows may follow, so the stream has no end mark yet; the end of the file is one too.
                yield from pa.ipc.open_stream(self._file)
            finally:
                self._file.seek(end)
        yield from self._joined()

    def _joined(self) -> Iterator[pa.RecordBatch]:
        """What is in memory, in batches of the usual size: many small ones would be slow on their way."""
        if self._batches:
            yield from pa.Table.from_batches(self._batches).combine_chunks().to_batches(max_chunksize=BATCH_ROWS)

    def _write_out(self) -> None:
        if self._writer is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
            self._writer = pa.ipc.new_stream(self._file, self.schema, options=_PACKED)
        for batch in self._joined():
            self._writer.write_batch(batch)
        self._batches, self._bytes = [], 0
