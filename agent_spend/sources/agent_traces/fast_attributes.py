"""The wanted attributes of all spans of a piece at once: by key, whose they are and what they say.

Values mean what ``values`` says they mean: what vectors cannot say goes through its functions, value by value.
"""

import itertools

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent_spend.sources.agent_traces import semantics, tokens
from agent_spend.sources.agent_traces.values import MAX_COUNT, count, number

#: The kinds of value that rules read. Decimals keep the digits of the text and, unlike Arrow's numbers and strings,
#: accept both 5 and "5".
AMOUNT = pa.decimal128(38, 24)
VALUE = pa.struct({"stringValue": pa.string(), "intValue": pa.decimal128(20, 0), "boolValue": pa.bool_(), "doubleValue": AMOUNT})
_TEXT, _WHOLE, _FLAG, _DOUBLE = range(4)
#: Text that Arrow's casts read as ``number`` does.
_PLAIN_COUNT, _PLAIN_AMOUNT = "^[0-9]{1,18}$", r"^-?[0-9]{1,13}(\.[0-9]{1,24})?$"


class Attributes:
    """What some owners (spans, or their processes) say.

    Args:
        lists: for each owner a list of ``key`` and ``value``.
        wanted: the keys that are kept.
    """

    def __init__(self, lists: pa.ListArray, wanted: pa.StringArray):
        self.owner_count = len(lists)
        pairs, owners = pc.list_flatten(lists), pc.list_parent_indices(lists).to_numpy()
        codes = pc.fill_null(pc.index_in(pc.struct_field(pairs, "key"), value_set=wanted), -1).to_numpy().astype(np.int16)
        places = np.flatnonzero(codes >= 0)
        places = places[np.argsort(codes[places], kind="stable")]
        codes, owners = codes[places], owners[places]
        is_first = np.ones(len(places), dtype=bool)
        is_first[1:] = (codes[1:] != codes[:-1]) | (owners[1:] != owners[:-1])
        if not is_first.all():
            places, codes, owners = places[is_first], codes[is_first], owners[is_first]
        self._owners = owners
        self._kinds = pc.struct_field(pairs, "value").take(pa.array(places)).flatten()
        present, starts = np.unique(codes, return_index=True)
        bounds = itertools.pairwise([*starts.tolist(), len(places)])
        self._bounds = {wanted[code].as_py(): slice(*bound) for code, bound in zip(present.tolist(), bounds, strict=True)}
        self._usage: dict[str, np.ndarray] = {}
        for key in tokens.USAGE_MAPS:
            for name, counts in self._usage_counts(key).items():
                self._usage[f"{key}/{name}"] = counts
                self._bounds[f"{key}/{name}"] = self._bounds[key]
        self._texts: dict[str, pa.StringArray] = {}

    def __contains__(self, key: str) -> bool:
        return key in self._bounds

    def owners(self, key: str) -> np.ndarray:
        """Who states the key, ascending; each once."""
        return self._owners[self._bounds.get(key, slice(0))]

    def is_stated(self, key: str) -> np.ndarray:
        """Whether each of the owners gives the key a value that rules read."""
        return np.logical_or.reduce([_is_valid(values) for values in self._values(key).values()] or [self.owners(key) < 0])

    def texts(self, key: str) -> pa.StringArray:
        """What each of the owners says as text; null where that is nothing, ``values.text``."""
        if key not in self._texts:
            self._texts[key] = self._read_texts(key)
        return self._texts[key]

    def counts(self, key: str) -> np.ndarray:
        """What each of the owners counts; -1 where that is no count."""
        if key in self._usage:
            return self._usage[key]
        found = np.full(len(self.owners(key)), -1)
        for kind, values in self._values(key).items():
            if kind == _WHOLE or (kind == _TEXT and _are_all(values, _PLAIN_COUNT)):
                counts = values.cast(pa.int64())
            elif kind != _FLAG:
                counts = pa.array([count(value) for value in values.to_pylist()], pa.int64())
            else:
                continue
            found = np.maximum(found, pc.fill_null(counts, -1).to_numpy())
        return np.where(found > MAX_COUNT, -1, found)

    def amounts(self, key: str) -> pa.Decimal128Array:
        """The number each of the owners states; null where that is none, ``values.number``."""
        found = pa.nulls(len(self.owners(key)), AMOUNT)
        for kind, values in self._values(key).items():
            if kind in (_WHOLE, _DOUBLE) or (kind == _TEXT and _are_all(values, _PLAIN_AMOUNT)):
                numbers = values.cast(AMOUNT)
            elif kind == _TEXT:
                numbers = pa.array([number(value) for value in values.to_pylist()], AMOUNT)
            else:
                continue
            found = numbers if found.null_count == len(found) else pc.coalesce(found, numbers)
        return found

    def _read_texts(self, key: str) -> pa.StringArray:
        found = pa.nulls(len(self.owners(key)), pa.string())
        for kind, values in self._values(key).items():
            if kind == _DOUBLE:
                continue
            if kind == _TEXT and key.startswith(semantics.JSON_VALUES_PREFIX):
                values = pc.utf8_trim(values, characters='"')
            if kind != _TEXT:
                values = (values.cast(pa.int64()) if kind == _WHOLE else values).cast(pa.string())
            found = values if found.null_count == len(found) else pc.coalesce(found, values)
        lengths = pc.binary_length(found)
        return pc.if_else(pc.equal(lengths, 0), None, found) if pc.min(lengths).as_py() == 0 else found

    def _values(self, key: str) -> dict[int, pa.Array]:
        """The key's values of each kind that occurs."""
        found = {kind: values[self._bounds.get(key, slice(0))] for kind, values in enumerate(self._kinds)}
        found = {kind: values for kind, values in found.items() if values.null_count < len(values)}
        if len(found) > 1 and (sum(_is_valid(values).astype(int) for values in found.values()) > 1).any():
            raise pa.ArrowInvalid(f"{key} has a value of two kinds")
        return found

    def _usage_counts(self, key: str) -> dict[str, np.ndarray]:
        written = self._values(key).get(_TEXT, pa.array([], pa.string()))
        counts = [{} if text is None else tokens.usage_counts(text) for text in written.to_pylist()]
        return {name: np.array([one.get(name, -1) for one in counts]) for name in {name for one in counts for name in one}}


def _is_valid(values: pa.Array) -> np.ndarray:
    return values.is_valid().to_numpy(zero_copy_only=False)


def _are_all(texts: pa.StringArray, pattern: str) -> bool:
    return pc.all(pc.match_substring_regex(texts, pattern)).as_py()
