"""Published tables without names: pseudonyms instead of people, and no groups of fewer than five."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc

from agent_spend.publish.pseudonyms import People, Pseudonyms, people_from
from agent_spend.settings import env, secret

SALT = "AGENT_SPEND_PSEUDONYM_SALT"
#: Columns whose every value is the row's person, and those that name another one.
PERSON_COLUMNS = ("person_id", "name", "email", "github_login", "login")
OTHER_PERSON_COLUMNS = ("owner", "owner_email", "manager_email")
#: Columns that hold a person's identifier or something else: a key, a workflow, a feed.
MIXED_COLUMNS = ("actor_id", "subject", "identifier", "workload")
#: Columns of fixed words, or of names of things that other tables are joined or filtered by; never searched.
WORD_COLUMNS = frozenset({
    "vendor", "series", "surface", "auth_kind", "actor_kind", "background_kind", "unit", "kind", "severity", "status",
    "state", "reason", "last_attempt", "feed", "price_state", "attribution_mode", "charge_kind", "environment",
    "outcome", "verdict", "confidence", "model", "dominant_model", "baseline_model", "previous_dominant_model",
    "model_set", "org", "squad", "other_squads", "org_source", "squad_source", "cost_center", "previous_state",
    "identity_rule", "identity_confidence", "plan", "proration_rule", "scope_kind",
    "amount_kind", "price_version", "workload_kind", "cause",
})


def is_on() -> bool:
    """Whether pseudonym mode is set; the one setting is the salt."""
    return bool(env(SALT))


def from_environment() -> Pseudonyms | None:
    """The pseudonyms of the environment's salt, or ``None`` when people are published by name.

    Raises:
        ConfigurationError: the salt is too short.
    """
    return Pseudonyms(secret(SALT)) if is_on() else None


def pseudonymized(tables: Mapping[str, pa.Table], pseudonyms: Pseudonyms) -> dict[str, pa.Table]:
    """The same tables with pseudonyms instead of people; schemas and rows stay in place and order.

    All identifiers of one person become one pseudonym, across tables. Values in brackets such as
    ``(not attributable)``, nulls, keys, workflows and service accounts stay.
    """
    people = people_in(tables.values())
    return {name: pseudonymized_table(table, people, pseudonyms) for name, table in tables.items()}


def people_in(tables: Iterable[pa.Table]) -> People:
    """Everybody that the tables name.

    Each table's distinct combinations of identifying columns tell which identifiers belong together. Rows of traced
    agents name the seat's owner beside the workflow, so their actor is not taken for the person.
    """
    rows: list[dict[str, str | None]] = []
    for table in tables:
        if wanted := _identifying(table.schema.names):
            rows += (_identifiers(row) for row in table.select(wanted).group_by(wanted).aggregate([]).to_pylist())
    # Rows without a person first: a later row that knows the person wins.
    return people_from(sorted(rows, key=lambda row: row.get("person_id") is not None))


def people_of(connection: duckdb.DuckDBPyConnection, tables: Iterable[str]) -> People:
    """:func:`people_in` for tables of a DuckDB session, of which only the identifying columns are read."""
    found = []
    for name in tables:
        columns = [column[0] for column in connection.execute(f'SELECT * FROM "{name}" LIMIT 0').description]
        if wanted := _identifying(columns):
            listed = ", ".join(f'"{column}"' for column in wanted)
            found.append(connection.sql(f'SELECT DISTINCT {listed} FROM "{name}"').to_arrow_table())
    return people_in(found)


def pseudonymized_table(table: pa.Table, people: People, pseudonyms: Pseudonyms) -> pa.Table:
    """One table of :func:`pseudonymized`, for a caller that holds them one at a time."""

    @cache
    def of(value: str) -> str:
        return value if _is_bracketed(value) else pseudonyms.of(people.person_of(value))

    def mixed(value: str) -> str:
        return of(value) if value in people or _is_email(value) else people.scrub(value, pseudonyms)

    published = table
    for index, field in enumerate(table.schema):
        if not _is_text(field.type) or field.name in WORD_COLUMNS:
            continue
        column = table.column(index)
        if field.name == "finding_id":
            # The id is a plain hash of the subject: whoever has a list of logins could look it up.
            column = _mapped(column, pseudonyms.code)
        elif field.name in PERSON_COLUMNS:
            column = _of_the_rows_person(table, column, of)
        elif field.name in OTHER_PERSON_COLUMNS:
            column = _mapped(column, of)
        elif field.name in MIXED_COLUMNS:
            column = _mapped(column, mixed)
        else:
            column = _mapped(column, lambda value: people.scrub(value, pseudonyms))
        published = published.set_column(index, field, column.cast(field.type))
    return published


def _identifying(columns: Sequence[str]) -> list[str]:
    wanted = [name for name in (*PERSON_COLUMNS, *MIXED_COLUMNS, "vendor", "kind") if name in columns]
    return [] if set(wanted) <= {"vendor", "kind"} else wanted


def _identifiers(row: Mapping[str, str | None]) -> dict[str, str | None]:
    """The values of a row that identify its person."""
    vendor, kind = row.get("vendor"), row.get("kind") or ""
    kept = {name: row[name] for name in PERSON_COLUMNS if name in row}
    for name in ("actor_id", "identifier", "subject"):
        value = row.get(name) or ""
        # Copilot is used by people only; of its findings some are about a feed or a budget.
        is_copilot = vendor == "github_copilot" and (name != "subject" or kind.startswith("copilot_") or kind == "unmatched_user")
        if is_copilot or (_is_email(value) and vendor != "custom_agents"):
            kept[name] = value
    return {name: value for name, value in kept.items() if value and not _is_bracketed(value)}


def _of_the_rows_person(table: pa.Table, column: pa.ChunkedArray, of: Callable[[str], str]) -> pa.ChunkedArray:
    """Pseudonyms of a column of people; namesakes are told apart by the row's ``person_id``."""
    own = _mapped(column, of)
    if "person_id" not in table.schema.names or column.equals(table["person_id"]):
        return own
    person = pc.cast(table["person_id"], pa.string())
    is_known = pc.and_(pc.is_valid(column), pc.invert(pc.starts_with(pc.fill_null(person, "("), "(")))
    return pc.if_else(is_known, _mapped(table["person_id"], of), own)


def _mapped(column: pa.ChunkedArray, change: Callable[[str], str]) -> pa.ChunkedArray:
    """The column with each distinct value changed once."""
    encoded = pc.cast(column, pa.string()).combine_chunks().dictionary_encode()
    words = pa.array([change(value) for value in encoded.dictionary.to_pylist()], pa.string())
    return pa.chunked_array([words.take(encoded.indices)])


def _is_email(value: str) -> bool:
    return "@" in value and " " not in value


def _is_bracketed(value: str) -> bool:
    return value.startswith("(") and value.endswith(")")


def _is_text(kind: pa.DataType) -> bool:
    return pa.types.is_string(kind) or pa.types.is_large_string(kind) or str(kind) == "string_view"
