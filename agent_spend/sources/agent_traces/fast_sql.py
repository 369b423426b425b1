"""The tables of ``semantics`` as one SELECT, for the attributes that occur in a piece of a file and no others.

Each kind of value that an attribute has somewhere in the piece is a column: of the span (``s``) or of its process
(``p``). What does not occur is NULL and vanishes from the text, which is what makes this fast.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import astuple, dataclass

from agent_spend.sources.agent_traces import semantics, tokens
from agent_spend.sources.agent_traces.semantics import CostRule, Lookup, Match, Place

_AMOUNT = "DECIMAL(38, 24)"


@dataclass(frozen=True)
class Columns:
    """The columns that hold one attribute's values, by kind; empty where no value is of that kind."""

    text: str = ""
    whole: str = ""
    flag: str = ""
    double: str = ""


@dataclass(frozen=True)
class Occurring:
    """Columns by attribute: of spans, of processes, and amounts already read from JSON maps by rule source."""

    span: Mapping[str, Columns]
    process: Mapping[str, Columns]
    json_amounts: Mapping[str, str]


def merged(parts: Iterable[Occurring]) -> Occurring:
    """What occurs in any of the parts."""
    span, process, amounts = {}, {}, {}
    for part in parts:
        for all_columns, columns in ((span, part.span), (process, part.process)):
            for key, one in columns.items():
                known = all_columns.get(key, Columns())
                all_columns[key] = Columns(*(ours or theirs for ours, theirs in zip(astuple(known), astuple(one), strict=True)))
        amounts.update(part.json_amounts)
    return Occurring(span, process, amounts)


def select(lookups: Mapping[str, Lookup], occurring: Occurring) -> str:
    """The SELECT over ``spans AS s`` and ``processes AS p`` that gives ``LANDED_SCHEMA``, plus ``is_suspect``."""
    texts = {name: _lookup(lookup, occurring) for name, lookup in lookups.items()}
    operation = _text(occurring.span.get("gen_ai.operation.name"))
    is_own = f"NOT COALESCE({operation} IN ({_quoted(tokens.REPEATING_OPERATIONS)}), FALSE)"
    amounts = [(rule.source, amount) for rule in semantics.COSTS if (amount := _amount(rule, occurring)) != "NULL"]
    amount = _coalesce([amount for _, amount in amounts])
    source = _case([(f"{amount} IS NOT NULL", _quote(name)) for name, amount in amounts])
    whole = {
        name: _coalesce([_whole(occurring.span.get(key)) for key in keys])
        for name, keys in tokens.COUNTS.items()
    }
    columns = ",\n        ".join(f"{expression} AS {name}" for name, expression in texts.items())
    counted = ",\n        ".join(f"CASE WHEN {is_own} THEN {count} END AS {name}" for name, count in whole.items())
    return f"""
WITH said AS (
    SELECT
        s.*,
        p.file_number,
        {columns},
        {_span_class(occurring)} AS span_class,
        {_task_success(occurring)} AS task_success,
        {_task_success(occurring, is_source=True)} AS task_success_source,
        {_auth_hint(occurring)} AS auth_hint,
        {_billing(occurring)} AS billing_identity,
        CASE WHEN {is_own} THEN {amount} END AS amount,
        CASE WHEN {is_own} THEN {source} END AS amount_source,
        CASE WHEN {is_own} THEN {_foreign_currency(occurring)} END AS foreign_currency,
        {counted}
    FROM spans AS s
    LEFT JOIN processes AS p ON p.process = s.process
),
cached AS (
    SELECT
        *,
        CASE WHEN COALESCE(written, part_5m, part_1h) IS NOT NULL
            THEN GREATEST(COALESCE(written, 0), COALESCE(part_5m, 0) + COALESCE(part_1h, 0)) END AS written_all,
        COALESCE(read, 0) + COALESCE(written_all, 0) AS cached,
        cached > 0 AND total = COALESCE(inclusive, 0) + COALESCE(output, 0) + cached AS is_total_of_all,
        COALESCE(uncached IS NULL AND (cached > inclusive OR (inclusive IS NOT NULL AND is_total_of_all)), FALSE)
            AS is_input_corrected,
        CASE
            WHEN uncached IS NOT NULL THEN uncached
            WHEN inclusive IS NULL THEN exclusive
            WHEN is_input_corrected THEN inclusive
            ELSE inclusive - cached
        END AS uncached_all,
        -- The cast rounds, and fails for amounts far above the cap.
        TRY_CAST(amount AS DECIMAL(18, 12)) AS usd,
        amount IS NOT NULL AND COALESCE(usd < 0 OR usd > {semantics.MAX_REPORTED_USD}, TRUE) AS is_cost_rejected,
        CAST(end_ns AS BIGINT) AS ended_ns,
        LOWER(trace) AS trace_id
    FROM said
)
SELECT
    trace_id,
    LOWER(span) AS span_id,
    LOWER(NULLIF(parent, '')) AS parent_span_id,
    COALESCE(name, '') AS name,
    COALESCE(kind, 0) AS kind,
    make_timestamp(CAST(start_ns AS BIGINT) // 1000) AS started_at,
    make_timestamp(ended_ns // 1000) AS ended_at,
    CASE WHEN status IN (1, 2) THEN status ELSE 0 END AS status_code,
    error_type, span_class, service_name, environment, client, organization_id, workflow, agent, task_id, task_success,
    task_success_source, conversation_id, response_id, provider, model, service_tier, speed, inference_geo,
    CASE WHEN added_input IS NULL THEN uncached_all ELSE COALESCE(uncached_all, 0) + added_input END AS input_tokens,
    read AS cache_read_tokens,
    CASE WHEN written_all IS NOT NULL THEN GREATEST(written_all - COALESCE(part_1h, 0), 0) END AS cache_write_5m_tokens,
    part_1h AS cache_write_1h_tokens,
    CASE WHEN added_output IS NULL THEN output ELSE COALESCE(output, 0) + added_output END AS output_tokens,
    CASE WHEN NOT is_cost_rejected THEN usd END AS reported_usd,
    CASE WHEN NOT is_cost_rejected THEN amount_source END AS reported_usd_source,
    auth_hint, billing_identity, ended_ns, attribute_count, file_number,
    request_id, is_cost_rejected, foreign_currency, is_input_corrected, link_trace_id, link_span_id
FROM cached
"""


def _text(columns: Columns | None) -> str:
    if columns is None:
        return "NULL"
    return _first_kind(
        (columns.text, f"NULLIF({columns.text}, '')"),
        (columns.whole, f"CAST({columns.whole} AS VARCHAR)"),
        (columns.flag, f"CASE WHEN {columns.flag} THEN 'true' ELSE 'false' END"),
    )


def _number(columns: Columns | None) -> str:
    if columns is None:
        return "NULL"
    return _first_kind(
        (columns.text, f"TRY_CAST({columns.text} AS {_AMOUNT})"),
        (columns.whole, f"TRY_CAST({columns.whole} AS {_AMOUNT})"),
        (columns.flag, "NULL"),
        (columns.double, columns.double),
    )


def _whole(columns: Columns | None) -> str:
    if columns is None:
        return "NULL"
    counted = _first_kind(
        (columns.text, f"TRY_CAST(FLOOR(TRY_CAST({columns.text} AS {_AMOUNT})) AS BIGINT)"),
        (columns.whole, columns.whole),
        (columns.flag, "NULL"),
        (columns.double, f"TRY_CAST(FLOOR({columns.double}) AS BIGINT)"),
    )
    return f"CASE WHEN ({counted}) >= 0 THEN {counted} END" if counted != "NULL" else counted


def _first_kind(*kinds: tuple[str, str]) -> str:
    """The value of the first kind that is not null, in the strict reader's order; most attributes have one kind."""
    present = [(column, value) for column, value in kinds if column]
    if len(present) == 1 and present[0][1].startswith(("NULLIF", "TRY_CAST", "CAST", present[0][0])):
        return present[0][1]
    return _case([(f"{column} IS NOT NULL", value) for column, value in present])


def _lookup(lookup: Lookup, occurring: Occurring) -> str:
    span, process = occurring.span, occurring.process
    places = {
        Place.SPAN: (span,),
        Place.RESOURCE: (process,),
        Place.SPAN_THEN_RESOURCE: (span, process),
        Place.RESOURCE_THEN_SPAN: (process, span),
    }[lookup.place]
    found = [_text(columns[key]) for columns in places for key in lookup.keys if key in columns]
    if lookup.ignored:
        ignored = _quoted(lookup.ignored)
        found = [f"CASE WHEN ({one}) NOT IN ({ignored}) THEN {one} END" for one in found]
    if lookup.words_as:
        name, words = _quote(semantics.NAME), _quote(lookup.words_as)
        found = [
            f"CASE WHEN regexp_full_match({one}, {name}) THEN {one} WHEN ({one}) IS NOT NULL THEN {words} END"
            for one in found
        ]
    return _coalesce(found)


def _anywhere(key: str, occurring: Occurring) -> str:
    return _lookup(Lookup((key,)), occurring)


def _amount(rule: CostRule, occurring: Occurring) -> str:
    if rule.json_member:
        return occurring.json_amounts.get(rule.source, "NULL")
    if any(key not in occurring.span for key in rule.keys):
        return "NULL"
    amount = " + ".join(f"({_number(occurring.span[key])})" for key in rule.keys)
    if rule.scale != "1":
        amount = f"CAST(CAST({amount} AS DECIMAL(24, 6)) * CAST({rule.scale} AS DECIMAL(12, 11)) AS {_AMOUNT})"
    currency = occurring.span.get(rule.currency_key)
    if currency is not None:
        amount = f"CASE WHEN UPPER(COALESCE({_text(currency)}, 'USD')) = 'USD' THEN {amount} END"
    return amount


def _foreign_currency(occurring: Occurring) -> str:
    branches = []
    for rule in semantics.COSTS:
        currency = occurring.span.get(rule.currency_key)
        if currency is not None and all(key in occurring.span for key in rule.keys):
            said = f"UPPER({_text(currency)})"
            is_stated = " AND ".join(_is_stated(occurring.span[key]) for key in rule.keys)
            branches.append((f"{said} <> 'USD' AND {is_stated}", said))
    return _case(branches)


def _is_stated(columns: Columns) -> str:
    kinds = [column for column in (columns.text, columns.whole, columns.flag, columns.double) if column]
    return "(" + " OR ".join(f"{column} IS NOT NULL" for column in kinds) + ")"


def _span_class(occurring: Occurring) -> str:
    def value(match: Match) -> str | None:
        if match.key == semantics.SPAN_NAME:
            return "s.name"
        return _text(occurring.span[match.key]) if match.key in occurring.span else None

    return _matches(semantics.SPAN_CLASSES, value, "'other'")


def _auth_hint(occurring: Occurring) -> str:
    def value(match: Match) -> str | None:
        found = _anywhere(match.key, occurring)
        return None if found == "NULL" else found

    return _matches(semantics.AUTH_HINTS, value, "NULL")


def _matches(matches: tuple[Match, ...], value: Callable[[Match], str | None], otherwise: str) -> str:
    branches = []
    for match in matches:
        if (said := value(match)) is not None:
            test = f"({said}) IN ({_quoted(match.values)})" if match.values else f"({said}) IS NOT NULL"
            branches.append((test, _quote(match.result)))
    return _case(branches, otherwise)


def _billing(occurring: Occurring) -> str:
    branches = []
    for rule in semantics.BILLING:
        values = [_anywhere(key, occurring) for key in rule.keys]
        when = _anywhere(rule.when[0], occurring) if rule.when else ""
        if "NULL" in (*values, when):
            continue
        tests = [f"({value}) IS NOT NULL" for value in values]
        if rule.when:
            tests.append(f"({when}) IN ({_quoted(rule.when[1])})")
        kind = [_quote(f"{rule.kind}:")] if rule.kind else []
        branches.append((" AND ".join(tests), " || ".join([*kind, " || '/' || ".join(f"({v})" for v in values)])))
    return _case(branches)


def _task_success(occurring: Occurring, is_source: bool = False) -> str:
    branches = []
    for key in semantics.SUCCESS_FLAG + semantics.SUCCESS_OUTCOME:
        if key in occurring.span:
            said = f"LOWER({_text(occurring.span[key])})"
            for words, passed in ((semantics.OUTCOME_PASSED, "TRUE"), (semantics.OUTCOME_FAILED, "FALSE")):
                branches.append((f"{said} IN ({_quoted(words)})", _quote(key) if is_source else passed))
    return _case(branches, "NULL" if is_source else "CAST(NULL AS BOOLEAN)")


def _coalesce(candidates: list[str]) -> str:
    present = [one for one in candidates if one != "NULL"]
    return f"COALESCE({', '.join(present)})" if present else "NULL"


def _case(branches: list[tuple[str, str]], otherwise: str = "NULL") -> str:
    whens = " ".join(f"WHEN {test} THEN {result}" for test, result in branches)
    return f"CASE {whens} ELSE {otherwise} END" if branches else otherwise


def _quote(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _quoted(values: tuple[str, ...]) -> str:
    return ", ".join(_quote(value) for value in values)
