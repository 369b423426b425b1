"""From the attributes of all spans of a piece to columns of ``agent_spans``: ``resolve``, a column at a time.

The rules are the tables of ``semantics``. A rule of which no attribute occurs in the piece costs nothing. Numbers beyond
those that vectors hold raise ``pyarrow.ArrowInvalid``: they are for the strict reader.
"""

from collections.abc import Callable, Sequence
from decimal import Decimal
from functools import reduce

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from agent_spend.sources.agent_traces import costs, resolve, rules, semantics, tokens
from agent_spend.sources.agent_traces.fast_attributes import AMOUNT, Attributes
from agent_spend.sources.agent_traces.landed_schema import MONEY_TYPE
from agent_spend.sources.agent_traces.rules import Lookup, Match, Place

_MAX_USD = pa.scalar(costs.MAX_REPORTED_USD, AMOUNT)
_OUTCOMES = tuple(
    Match(key, words, key)
    for key in semantics.SUCCESS_FLAG + semantics.SUCCESS_OUTCOME
    for words in (semantics.OUTCOME_PASSED, semantics.OUTCOME_FAILED)
)


class Columns:
    """The columns that come from attributes.

    Args:
        span, process: what the spans and their processes say.
        process_of_span: for each span the number of its process.
        names: the spans' names.
    """

    def __init__(self, span: Attributes, process: Attributes, process_of_span: np.ndarray, names: pa.StringArray):
        self._span, self._process = span, process
        self._process_of_span, self._names = pa.array(process_of_span), names
        self._count, self._everyone = span.owner_count, np.arange(span.owner_count)
        self._found: dict[str, pa.StringArray] = {}
        operation = self.text(Lookup(("gen_ai.operation.name",), Place.SPAN))
        self._is_own = ~_flags(pc.is_in(operation, value_set=pa.array(tokens.REPEATING_OPERATIONS)))

    def text(self, lookup: Lookup) -> pa.StringArray:
        """``resolve.find_text``."""
        found = []
        for is_span in resolve.PLACES[lookup.place]:
            said = _first_text(self._span if is_span else self._process, lookup)
            if said is not None:
                found.append(said if is_span else said.take(self._process_of_span))
        return _coalesced(found, self._count)

    def span_class(self) -> pa.StringArray:
        """``resolve.span_class``."""

        def said(key: str) -> tuple[np.ndarray, pa.StringArray]:
            return (self._everyone, self._names) if key == rules.SPAN_NAME else self._said(key)

        found = self._first_match(semantics.SPAN_CLASSES, said)
        return pc.fill_null(_results(semantics.SPAN_CLASSES).take(found), "other")

    def auth_hint(self) -> pa.StringArray:
        """``resolve.auth_hint``."""

        def said(key: str) -> tuple[np.ndarray, pa.StringArray]:
            is_stated = key in self._span or key in self._process
            return (self._everyone, self._anywhere(key)) if is_stated else self._said(key)

        found = self._first_match(semantics.AUTH_HINTS, said)
        return _results(semantics.AUTH_HINTS).take(found)

    def task_success(self) -> dict[str, pa.Array]:
        """``resolve.task_success``."""

        def said(key: str) -> tuple[np.ndarray, pa.StringArray]:
            owners, texts = self._said(key)
            return owners, pc.utf8_lower(texts)

        found = self._first_match(_OUTCOMES, said)
        passed = pa.array([outcome.values is semantics.OUTCOME_PASSED for outcome in _OUTCOMES])
        return {"task_success": passed.take(found), "task_success_source": _results(_OUTCOMES).take(found)}

    def billing_identity(self) -> pa.StringArray:
        """``resolve.billing_identity``."""
        found = []
        for rule in semantics.BILLING:
            if not all(key in self._span or key in self._process for key in rule.keys):
                continue
            values = [self._anywhere(key) for key in rule.keys]
            said = pc.binary_join_element_wise(*values, "/") if len(values) > 1 else values[0]
            if rule.kind:
                said = pc.binary_join_element_wise(rule.kind, said, ":")
            if rule.when:
                is_so = pc.is_in(self._anywhere(rule.when[0]), value_set=pa.array(rule.when[1]))
                said = pc.if_else(is_so, said, None)
            found.append(said)
        return _coalesced(found, self._count)

    def cost(self) -> dict[str, pa.Array]:
        """``costs.cost``."""
        places = np.full(self._count, -1)
        amounts, sources = [pa.nulls(0, AMOUNT)], []
        foreign = pa.nulls(self._count, pa.string())
        for rule in costs.COSTS:
            if not all(key in self._span for key in rule.keys):
                continue
            owners, found = self._amounts(rule)
            is_open = self._is_own[owners] & (places[owners] < 0)
            if rule.currency_key in self._span:
                currency = pc.fill_null(pc.utf8_upper(self.text(Lookup((rule.currency_key,), Place.SPAN))), "USD")
                is_foreign = _flags(pc.not_equal(currency, "USD"))
                is_passed_over = np.zeros(self._count, dtype=bool)
                is_passed_over[owners] = is_open & is_foreign[owners] & self._are_stated(rule.keys, owners)
                foreign = pc.if_else(is_passed_over, currency, foreign)
                is_open &= ~is_foreign[owners]
            hits = np.flatnonzero(is_open & _flags(found.is_valid()))
            places[owners[hits]] = len(sources) + hits
            amounts.append(found)
            sources += [rule.source] * len(found)
        amounts = pa.concat_arrays(amounts)
        is_wrong = pc.or_(pc.less(amounts, pa.scalar(Decimal(0), AMOUNT)), pc.greater(amounts, _MAX_USD))
        usd = pc.if_else(is_wrong, None, amounts).cast(MONEY_TYPE)
        found = pa.array(places, mask=places < 0)
        return {
            "reported_usd": usd.take(found),
            "reported_usd_source": pc.if_else(is_wrong, None, pa.array(sources, pa.string())).take(found),
            "is_cost_rejected": pc.fill_null(is_wrong.take(found), False),
            "foreign_currency": foreign,
        }

    def tokens(self) -> dict[str, pa.Array]:
        """``tokens.tokens``; until the end -1 stands for a count that is not stated."""
        said = {name: self._counts(keys) for name, keys in tokens.COUNTS.items()}
        inclusive, part_1h = said["inclusive"], said["part_1h"]
        parts = _sum(said["part_5m"], part_1h)
        written = np.maximum(said["written"], parts)
        cached = np.maximum(_sum(said["read"], written), 0)
        everything = np.maximum(_sum(inclusive, said["output"]), 0) + cached
        is_total_of_all = (cached > 0) & (said["total"] == everything)
        is_corrected = (said["uncached"] < 0) & (inclusive >= 0) & ((cached > inclusive) | is_total_of_all)
        stated = np.where(inclusive < 0, said["exclusive"], np.where(is_corrected, inclusive, inclusive - cached))
        uncached = np.where(said["uncached"] < 0, stated, said["uncached"])
        columns = {
            "input_tokens": _sum(uncached, said["added_input"]),
            "cache_read_tokens": said["read"],
            "cache_write_5m_tokens": np.where(written < 0, -1, np.maximum(written - np.maximum(part_1h, 0), 0)),
            "cache_write_1h_tokens": part_1h,
            "output_tokens": _sum(said["output"], said["added_output"]),
        }
        return {name: pa.array(counts, mask=counts < 0) for name, counts in columns.items()} | {
            "is_input_corrected": pa.array(is_corrected)
        }

    def _anywhere(self, key: str) -> pa.StringArray:
        if key not in self._found:
            self._found[key] = self.text(Lookup((key,)))
        return self._found[key]

    def _said(self, key: str) -> tuple[np.ndarray, pa.StringArray]:
        return self._span.owners(key), self._span.texts(key)

    def _first_match(self, matches: Sequence[Match], said: Callable[[str], tuple[np.ndarray, pa.StringArray]]) -> pa.Array:
        """For each span the number of the first match; ``said`` gives who says what under a key."""
        none = len(matches)
        best = np.full(self._count, none)
        for key in dict.fromkeys(match.key for match in matches):
            owners, texts = said(key)
            if not len(owners):
                continue
            of_key = [(number, match) for number, match in enumerate(matches) if match.key == key]
            of_word = {word: number for number, match in reversed(of_key) for word in match.values}
            of_any = min((number for number, match in of_key if not match.values), default=none)
            words = pc.index_in(texts, value_set=pa.array(of_word, pa.string()))
            numbers = np.array([*of_word.values(), none])[pc.fill_null(words, -1).to_numpy()]
            numbers = np.minimum(numbers, np.where(_flags(texts.is_valid()), of_any, none))
            best[owners] = np.minimum(best[owners], numbers)
        return pa.array(best, mask=best == none)

    def _counts(self, keys: tuple[str, ...]) -> np.ndarray:
        """For each span its own count under the first of the keys that has one; -1 without."""
        found = np.full(self._count, -1)
        for key in reversed(keys):
            if key in self._span:
                owners, counts = self._span.owners(key), self._span.counts(key)
                is_count = counts >= 0
                found[owners[is_count]] = counts[is_count]
        return np.where(self._is_own, found, -1)

    def _amounts(self, rule: rules.CostRule) -> tuple[np.ndarray, pa.Array]:
        """Who states all of the rule's keys, and the amount in USD with twelve decimals, null where that is none."""
        owners = reduce(np.intersect1d, [self._span.owners(key) for key in rule.keys])
        if len(rule.keys) == 1 and rule.scale == "1" and not rule.json_member:
            return owners, pc.round(self._span.amounts(rule.keys[0]), 12, round_mode="half_towards_infinity")
        if rule.json_member:
            written = self._span.texts(rule.keys[0]).to_pylist()
            found = [costs.json_amount(text, rule.json_member, rule.or_sum_of_map) for text in written]
        else:
            parts = [self._span.amounts(key).take(self._places(key, owners)).to_pylist() for key in rule.keys]
            found = [None if None in row else sum(row, Decimal(0)) for row in zip(*parts, strict=True)]
        rounded = [None if amount is None else costs.round_usd(amount, Decimal(rule.scale)) for amount in found]
        return owners, pa.array(rounded, AMOUNT)

    def _are_stated(self, keys: tuple[str, ...], owners: np.ndarray) -> np.ndarray:
        return np.logical_and.reduce([self._span.is_stated(key)[self._places(key, owners)] for key in keys])

    def _places(self, key: str, owners: np.ndarray) -> np.ndarray:
        return np.searchsorted(self._span.owners(key), owners)


def _first_text(attributes: Attributes, lookup: Lookup) -> pa.StringArray | None:
    """For each owner the text under the first of the keys that says something; ``None`` when no key occurs."""
    keys = [key for key in lookup.keys if key in attributes]
    if not keys:
        return None
    owners, texts = attributes.owners(keys[0]), attributes.texts(keys[0])
    if len(keys) > 1:
        owners = np.concatenate([attributes.owners(key) for key in keys])
        texts = pa.concat_arrays([attributes.texts(key) for key in keys])
    counts = texts.is_valid()
    if lookup.ignored:
        counts = pc.and_(counts, pc.invert(pc.is_in(texts, value_set=pa.array(lookup.ignored))))
    counting = np.flatnonzero(_flags(counts))[::-1]
    places = np.full(attributes.owner_count, -1)
    # Of several values for one place numpy keeps the last, which is that of the first key.
    places[owners[counting]] = counting
    found = texts.take(pa.array(places, mask=places < 0))
    if lookup.words_as:
        found = pc.if_else(pc.match_substring_regex(found, rf"\A{rules.NAME}\z"), found, lookup.words_as)
    return found


def _sum(count: np.ndarray, added: np.ndarray) -> np.ndarray:
    """Counts with what is added to them; -1 where neither is stated."""
    return np.where((count < 0) & (added < 0), -1, np.maximum(count, 0) + np.maximum(added, 0))


def _coalesced(columns: list[pa.Array], count: int) -> pa.StringArray:
    if len(columns) == 1:
        return columns[0]
    return pc.coalesce(*columns) if columns else pa.nulls(count, pa.string())


def _results(matches: Sequence[Match]) -> pa.StringArray:
    return pa.array([match.result for match in matches])


def _flags(values: pa.BooleanArray) -> np.ndarray:
    return values.to_numpy(zero_copy_only=False)
