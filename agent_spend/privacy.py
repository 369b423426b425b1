"""What leaves the lake without names: with the salt set, pseudonyms stand instead of people in tables, rows and texts."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
from deltalake import DeltaTable

from agent_spend.lake.tables import Lake
from agent_spend.pseudonyms import People, Pseudonyms, people_from
from agent_spend.settings import env, secret

SALT = "AGENT_SPEND_PSEUDONYM_SALT"
#: Tables that know which identifiers belong to one person, for what is shown while no warehouse is built.
KNOWN_FROM = ("roster_members", "dim_person", "rpt_manager__credit_day", "rpt_auth_audit", "findings")
#: Columns whose every value is the row's person, and those that name another one.
PERSON_COLUMNS = ("person_id", "name", "email", "github_login", "login")
OTHER_PERSON_COLUMNS = ("owner", "owner_email", "manager_email", "person_email")
#: Columns that hold a person's identifier or something else: a key, a workflow, a feed.
MIXED_COLUMNS = ("actor_id", "subject", "identifier", "workload")
#: Columns of fixed words, or of names of things that other tables are joined or filtered by; never searched.
WORD_COLUMNS = frozenset({
    "vendor", "series", "surface", "auth_kind", "actor_kind", "background_kind", "unit", "kind", "severity", "status",
    "state", "reason", "last_attempt", "feed", "price_state", "attribution_mode", "charge_kind", "environment",
    "outcome", "verdict", "confidence", "model", "dominant_model", "baseline_model", "previous_dominant_model",
    "model_set", "org", "squad", "other_squads", "org_source", "squad_source", "cost_center", "previous_state",
    "identity_rule", "identity_confidence", "plan", "proration_rule", "billing_periods", "period_rule", "use_state", "scope_kind",
    "amount_kind", "price_version", "price_versions", "workload_kind", "cause",
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


@dataclass(frozen=True)
class Display:
    """How people are shown outside the lake: by name, or by pseudonym while the salt is set."""

    _people: People | None = None
    _pseudonyms: Pseudonyms | None = None

    @classmethod
    def of(cls, lake: Lake, rows: Iterable[Mapping[str, object]] = ()) -> "Display":
        """What the settings ask for, with everybody whom the lake's roster, reports and findings know.

        Args:
            rows: what is about to be shown, which may know people that no table holds yet.

        Raises:
            ConfigurationError: the salt is too short.
        """
        pseudonyms = from_environment()
        if pseudonyms is None:
            return cls()
        known = _identities(lake.root, tuple(lake.version(name) for name in KNOWN_FROM))
        fresh = [_identifiers({name: row.get(name) for name in _identifying(list(row))}) for row in rows]
        return cls(_people_from([*known, *fresh]), pseudonyms)

    def text(self, text: str) -> str:
        """A sentence, with its people replaced."""
        return text if self._people is None else self._people.scrub(text, self._pseudonyms)

    def table(self, table: pa.Table) -> pa.Table:
        """A table, as the warehouse would publish it."""
        return table if self._people is None else pseudonymized_table(table, self._people, self._pseudonyms)

    def row(self, row: Mapping) -> dict:
        """One row, as the warehouse would publish it."""
        if self._people is None:
            return dict(row)
        change = _changes(self._people, self._pseudonyms)
        return {name: change(name, value, row) if isinstance(value, str) else value for name, value in row.items()}

    def finding_id(self, finding_id: str) -> str:
        """The id that stands for a finding in the warehouse and in messages."""
        return finding_id if self._pseudonyms is None else self._pseudonyms.code(finding_id)


@lru_cache(maxsize=4)
def _identities(root: str, versions: tuple[int | None, ...]) -> tuple[dict[str, str | None], ...]:
    """Distinct identifiers of the tables that know people, kept until one of the tables changes."""
    lake, found = Lake(root), []
    for name, version in zip(KNOWN_FROM, versions, strict=True):
        if version is not None:
            stored = DeltaTable(lake.uri(name), version=version)
            columns = _identifying([field.name for field in stored.schema().fields])
            distinct = stored.to_pyarrow_table(columns=columns).group_by(columns).aggregate([]).to_pylist()
            found += [_identifiers(row) for row in distinct]
    return tuple(found)


def people_in(tables: Iterable[pa.Table]) -> People:
    """Everybody that the tables name.

    Each table's distinct combinations of identifying columns tell which identifiers belong together. Rows of traced
    agents name the seat's owner beside the workflow, so their actor is not taken for the person.
    """
    rows: list[dict[str, str | None]] = []
    for table in tables:
        if wanted := _identifying(table.schema.names):
            rows += (_identifiers(row) for row in table.select(wanted).group_by(wanted).aggregate([]).to_pylist())
    return _people_from(rows)


def _people_from(rows: Iterable[Mapping[str, str | None]]) -> People:
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
    """The same table with pseudonyms instead of people; schema and rows stay in place and order.

    All identifiers of one person become one pseudonym, across the tables that ``people`` were found in. Values in brackets
    such as ``(not attributable)``, nulls, keys, workflows and service accounts stay.
    """
    change = _changes(people, pseudonyms)
    published = table
    for index, field in enumerate(table.schema):
        if not _is_text(field.type) or field.name in WORD_COLUMNS:
            continue
        column = table.column(index)
        if field.name in PERSON_COLUMNS:
            column = _of_the_rows_person(table, column, lambda value: change("person_id", value, {}))
        else:
            column = _mapped(column, lambda value, name=field.name: change(name, value, {}))
        published = published.set_column(index, field, column.cast(field.type))
    return published


def _changes(people: People, pseudonyms: Pseudonyms) -> Callable[[str, str, Mapping], str]:
    """What becomes of a value of a column; ``row`` tells whose it is where the column is the row's person's."""

    @cache
    def of(value: str) -> str:
        return value if _is_bracketed(value) else pseudonyms.of(people.person_of(value))

    def change(name: str, value: str, row: Mapping) -> str:
        if name in WORD_COLUMNS:
            return value
        if name == "finding_id":
            # The id is a plain hash of the subject: whoever has a list of logins could look it up.
            return pseudonyms.code(value)
        if name in PERSON_COLUMNS:
            return of(value if _is_bracketed(row.get("person_id") or "(none)") else row["person_id"])
        if name in OTHER_PERSON_COLUMNS or (name in MIXED_COLUMNS and (value in people or _is_email(value))):
            return of(value)
        return people.scrub(value, pseudonyms)

    return change


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
        is_about_person = name != "subject" or kind.startswith("copilot_") or kind == "unmatched_user"
        is_copilot = "login" in row or (vendor == "github_copilot" and is_about_person)
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
