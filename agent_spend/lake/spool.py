"""Rows on their way into the lake: Arrow batches, in memory while they are few, in a nameless file when they are many."""

import io
import tempfile
from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO

from arro3.core import Array, DataType, RecordBatch, RecordBatchReader, Schema, Table

from agent_spend.lake.columns import MODULUS, batch_of, rows_of

#: Most rows that a batch is made of.
BATCH_ROWS = 2048
#: Bytes of a message's head in Arrow's stream format, and of the mark at the stream's end.
_HEAD, _END = 8, 8


class Spool:
    """An append-only table of bounded memory with the one member of ``pyarrow.Table`` that the lake reads it by.

    ``checksum`` is the sum of what :meth:`append` was told about its batches.

    Args:
        folder: where the file is made once there is more than ``memory_bytes``; it has no name and goes with the spool.
    """

    def __init__(self, schema: Schema, folder: Path, memory_bytes: int = 1 << 20):
        self.schema = schema
        self.num_rows = 0
        self.checksum = 0
        self._folder = folder
        self._memory_bytes = memory_bytes
        self._batches: list[RecordBatch] = []
        self._bytes = 0
        self._file: IO[bytes] | None = None

    def __len__(self) -> int:
        return self.num_rows

    def __iter__(self) -> Iterator[dict]:
        """The rows as Python values; as for the batches, one reader at a time."""
        for batch in self.to_reader():
            yield from rows_of(batch)

    def empty(self) -> "Spool":
        """Another one of the same kind, without rows."""
        return Spool(self.schema, self._folder, self._memory_bytes)

    def append(self, batch: RecordBatch, checksum: int = 0) -> None:
        """Add a batch of :attr:`schema` with the sum of its rows' bits; not while it is read."""
        self.num_rows += batch.num_rows
        self.checksum = (self.checksum + checksum) % MODULUS
        self._bytes += batch.nbytes
        self._batches.append(batch)
        if self._bytes > self._memory_bytes:
            self._write_out()

    def extend(self, other: "Spool") -> None:
        """Add the rows of another one."""
        for batch in other.to_reader():
            self.append(batch)
        self.checksum = (self.checksum + other.checksum) % MODULUS

    def only(self, column: str, values: Collection[str]) -> "Spool":
        """The rows whose value in a column has one of these texts, without a checksum."""
        kept = self.empty()
        for batch in self.to_reader():
            found = batch.column(column).to_pylist()
            wanted = {value for value in set(found) if str(value) in values}
            kept.append(taken(batch, [place for place, value in enumerate(found) if value in wanted]))
        return kept

    def to_reader(self) -> RecordBatchReader:
        """All batches from the first; one reader at a time."""
        if self._file is None:
            return RecordBatchReader.from_batches(self.schema, self._joined())
        # Imported late: most answers fit into memory, and the library takes 9 MB.
        from arro3.io import read_ipc_stream

        self._write_out()
        self._file.flush()
        self._file.seek(0)
        # More rows may follow, so the stream has no end mark yet; the end of the file is one too.
        return read_ipc_stream(self._file)

    def _joined(self) -> list[RecordBatch]:
        """What is in memory, in batches of the usual size: many small ones would be slow on their way."""
        if len(self._batches) > 1 or any(batch.num_rows > BATCH_ROWS for batch in self._batches):
            self._batches = Table.from_batches(self._batches).rechunk(max_chunksize=BATCH_ROWS).to_batches()
        return self._batches

    def _write_out(self) -> None:
        if not self._batches:
            return
        from arro3.io import write_ipc_stream

        stream = io.BytesIO()
        write_ipc_stream(RecordBatchReader.from_batches(self.schema, self._joined()), stream, compression="lz4")
        written = stream.getbuffer()
        start = 0
        if self._file is None:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._file = tempfile.TemporaryFile(dir=self._folder)  # noqa: SIM115
        else:
            # Each piece is a whole stream; only the first keeps its schema.
            start = _HEAD + int.from_bytes(written[_HEAD // 2 : _HEAD], "little")
        self._file.seek(0, io.SEEK_END)
        self._file.write(written[start:-_END])
        self._batches, self._bytes = [], 0


def spool_of(rows: Sequence[Mapping], schema: Schema) -> Spool:
    """Rows of Python values, which are in memory already, with their checksum.

    Raises:
        MisfitError: as :func:`agent_spend.lake.columns.batch_of`.
    """
    spool = Spool(schema, Path(tempfile.gettempdir()), memory_bytes=1 << 40)
    if rows:
        batch, bits = batch_of(rows, schema)
        spool.append(batch, sum(bits))
    return spool


def taken(batch: RecordBatch, places: list[int]) -> RecordBatch:
    """Some rows of a batch."""
    return batch.take(Array(places, type=DataType.int64()))
