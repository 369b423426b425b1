"""Numbers that tell whether rows are the same: one for a row, and one for all rows of a partition in any order.

They are the same in every process and for every order of columns. A column's name is part of it, its integer width and
the unit of an instant are not.
"""

from collections.abc import Iterable
from functools import lru_cache
from hashlib import blake2b

import numpy as np
import pyarrow as pa
import pyarrow.types as kinds

from agent_spend.lake.columns import MODULUS
from agent_spend.lake.memory import leave_pandas

leave_pandas()

#: Rows, and bytes of text, that are worked on at once; their intermediate values stay in the processor's cache.
_ROWS = 4096
_TEXT_BYTES = 1 << 16
_BASE = 0x9E3779B97F4A7C15
_ABSENT = np.uint64(0x8000000080000001)
_WORD = np.uint64


def partition_fingerprints(batches: Iterable[pa.RecordBatch], partition_column: str | None) -> dict[str, tuple[int, int]]:
    """Number of rows and 63 bits of each partition, by the text of its value; ``all`` without a partition column."""
    found: dict[str, tuple[int, int]] = {}
    for batch in batches:
        for start in range(0, batch.num_rows, _ROWS):
            piece = batch.slice(start, _ROWS)
            hashes = row_hashes(piece)
            for key, of_key in _by_key(piece, partition_column, hashes):
                rows, total = found.get(key, (0, 0))
                found[key] = rows + len(of_key), (total + int(of_key.sum(dtype=_WORD))) % MODULUS
    return found


def row_hashes(batch: pa.RecordBatch) -> np.ndarray:
    """64 bits a row."""
    hashes = np.zeros(batch.num_rows, _WORD)
    for name, values in zip(batch.schema.names, batch.columns, strict=True):
        hashes += _mixed(_words(values) + _seed(name))
    return _mixed(hashes)


def _by_key(batch: pa.RecordBatch, column: str | None, hashes: np.ndarray) -> Iterable[tuple[str, np.ndarray]]:
    if column is None:
        yield "all", hashes
        return
    keys = batch[column].dictionary_encode()
    codes = _numbers(keys.indices, np.int32)
    order = np.argsort(codes, kind="stable")
    ends = np.flatnonzero(np.diff(codes[order])) + 1
    for rows in np.split(order, ends) if len(order) else ():
        yield str(keys.dictionary[int(codes[rows[0]])]), hashes[rows]


def _words(values: pa.Array) -> np.ndarray:
    """One word a value, equal for equal values; a copy that may be written to."""
    kind = values.type
    if kinds.is_dictionary(kind):
        values, kind = values.dictionary_decode(), kind.value_type
    if kinds.is_decimal(kind):
        pairs = _numbers(values.cast(pa.decimal128(38, kind.scale)), _WORD, 2)
        words = _mixed(pairs[:, 1].copy()) + pairs[:, 0]
    elif kinds.is_boolean(kind):
        words = _numbers(values.cast(pa.uint8()), np.uint8).astype(_WORD)
    elif kinds.is_integer(kind):
        words = _numbers(values.cast(pa.int64()), _WORD).copy()
    elif kinds.is_date32(kind):
        words = _numbers(values, np.int32).astype(np.int64).view(_WORD)
    elif kinds.is_timestamp(kind):
        words = _numbers(values.cast(pa.timestamp("us", kind.tz)), _WORD).copy()
    elif kinds.is_float64(kind):
        words = _numbers(values, _WORD).copy()
    else:
        keys = values.cast(pa.large_string()).dictionary_encode()
        words = _of_text(keys.dictionary)[_numbers(keys.indices.fill_null(0), np.int32)] if len(keys.dictionary) else (
            np.zeros(len(values), _WORD))
    if values.null_count:
        valid = np.frombuffer(values.is_valid().buffers()[1], np.uint8)
        words[np.unpackbits(valid, count=len(values), bitorder="little") == 0] = _ABSENT
    return words


def _numbers(values: pa.Array, kind: type, width: int = 1) -> np.ndarray:
    buffer = values.buffers()[1]
    if buffer is None:
        return np.zeros((len(values), width) if width > 1 else len(values), kind)
    found = np.frombuffer(buffer, kind)
    if width > 1:
        found = found[: len(found) // width * width].reshape(-1, width)
    return found[values.offset : values.offset + len(values)]


def _of_text(texts: pa.Array) -> np.ndarray:
    """Of each text a polynomial of its bytes, by differences of one running sum over all of them."""
    offsets = _numbers(pa.Array.from_buffers(pa.int64(), texts.offset + len(texts) + 1, [None, texts.buffers()[1]]), np.int64)
    offsets = offsets[texts.offset :]
    size = int(offsets[-1] - offsets[0])
    if size > _TEXT_BYTES and len(texts) > 1:
        half = len(texts) // 2
        return np.concatenate([_of_text(texts[:half]), _of_text(texts[half:])])
    lengths = np.diff(offsets)
    if not size:
        return lengths.astype(_WORD)
    data = np.frombuffer(texts.buffers()[2], np.uint8)[offsets[0] : offsets[-1]]
    powers, inverses = _powers(max(_TEXT_BYTES, 1 << (size - 1).bit_length()))
    sums = np.zeros(size + 1, _WORD)
    np.cumsum(data * powers[:size], out=sums[1:])
    starts = offsets[:-1] - offsets[0]
    return _mixed((sums[starts + lengths] - sums[starts]) * inverses[starts]) + lengths.astype(_WORD)


@lru_cache(maxsize=2)
def _powers(count: int) -> tuple[np.ndarray, np.ndarray]:
    """Powers of an odd number modulo 2^64, and their inverses."""
    both = []
    for base in (_BASE, pow(_BASE, -1, 1 << 64)):
        powers = np.ones(count + 1, _WORD)
        powers[1:] = base
        both.append(np.multiply.accumulate(powers))
    return both[0], both[1]


@lru_cache(maxsize=4096)
def _seed(name: str) -> np.uint64:
    return _WORD(int.from_bytes(blake2b(name.encode(), digest_size=8).digest(), "little"))


def _mixed(words: np.ndarray) -> np.ndarray:
    """Every bit of a word depends on all others after this, which is done in place (the end of SplitMix64)."""
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        words ^= words >> _WORD(shift)
        words *= _WORD(factor)
    words ^= words >> _WORD(31)
    return words
