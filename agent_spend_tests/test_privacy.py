"""Pseudonym mode: nobody is named in what is published, and everything else stays as it was."""

import re
from datetime import date
from decimal import Decimal

import duckdb
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agent_spend import privacy
from agent_spend.errors import ConfigurationError
from agent_spend.pseudonyms import Pseudonyms

SALT = "0f3c9d1b7a5e2486"
PSEUDONYMS = Pseudonyms(SALT)
# First five bytes of `printf person:e1001 | openssl dgst -sha256 -hmac $SALT -binary`, in base32.
MIRA, ZOE = "person-by4yiz5b", "person-bbtphh25"


def company(explanation="Mira K used 300 credits"):
    return {
        "dim_person": pa.table({
            "person_id": ["E1001", "E1002"], "name": ["Mira K", "Zoe Zhou"],
            "email": ["mira.k@acme.test", "zoe@acme.test"], "github_login": ["mira-k_acme", None],
            "org": ["Payments", "Payments"],
        }),
        "fct_usage_day": pa.table({
            "usage_day": [date(2026, 11, 17)] * 6,
            "vendor": ["github_copilot", "anthropic", "cursor", "cursor", "custom_agents", "github_copilot"],
            "actor_id": ["550001", "apikey_01A", "Zoe@acme.test", "sa_ci", "nightly_report", "550099"],
            "person_id": ["E1001", None, "E1002", None, "E1001", None],
            "key_name": [None, "mira.k-laptop", None, None, None, None],
            "model": [None, "claude-opus-5", "gpt-5.4", None, None, None],
            "list_usd": [Decimal("1.000000000000000001")] * 6,
        }),
        "rpt_manager__credit_day": pa.table({
            "actor_id": ["550001", "550099"], "login": ["mira-k_acme-hq", "contractor-9_acme"],
            "person_id": ["E1001", None], "name": ["Mira K", None],
        }),
        "rpt_findings": pa.table({
            "finding_id": ["00a1f4a68ac7dc12"], "kind": ["copilot_credits_tripled"], "vendor": ["github_copilot"],
            "subject": ["Mira-K_acme"], "person_id": ["E1001"], "explanation": [explanation],
        }),
    }


def pseudonymized(tables):
    people = privacy.people_in(tables.values())
    return {name: privacy.pseudonymized_table(table, people, PSEUDONYMS) for name, table in tables.items()}


def published(**more):
    return {name: table.to_pydict() for name, table in pseudonymized(company(**more)).items()}


def test_every_identifier_of_a_person_is_one_pseudonym():
    tables = published()
    people = tables["dim_person"]
    assert people["person_id"] == people["name"] == people["email"] == [MIRA, ZOE]
    assert people["github_login"] == [MIRA, None]
    assert tables["fct_usage_day"]["actor_id"] == [
        MIRA, "apikey_01A", ZOE, "sa_ci", "nightly_report", PSEUDONYMS.of("550099")]
    assert tables["fct_usage_day"]["person_id"] == [MIRA, None, ZOE, None, MIRA, None]
    assert tables["rpt_manager__credit_day"]["login"][0] == MIRA
    assert tables["rpt_findings"]["subject"] == [MIRA]


def test_money_days_words_and_schemas_stay():
    before, after = company(), pseudonymized(company())
    for name, table in before.items():
        assert after[name].schema == table.schema
        assert after[name].num_rows == table.num_rows
    for column in ("usage_day", "vendor", "model", "list_usd"):
        assert after["fct_usage_day"][column].equals(before["fct_usage_day"][column])
    assert after["dim_person"]["org"].to_pylist() == ["Payments", "Payments"]


@pytest.mark.parametrize(("text", "expected"), [
    ("Mira K used 300 credits", f"{MIRA} used 300 credits"),
    ("login MIRA-K_ACME-HQ, key claude_code_key_mira.k_x9", f"login {MIRA}, key claude_code_key_{MIRA}_x9"),
    ("ask zoe@acme.test.", f"ask {ZOE}."),
    ("ask Zoe.", f"ask {ZOE}."),
    ("Zoey and Mira Kent", "Zoey and Mira Kent"),
    ("E1001 (550001), not E10011 or 2550001", f"{MIRA} ({MIRA}), not E10011 or 2550001"),
    ("300 credits in 2026, 1,550,001 tokens", "300 credits in 2026, 1,550,001 tokens"),
    ("nobody here", "nobody here"),
])
def test_free_text_loses_names_and_nothing_else(text, expected):
    assert published(explanation=text)["rpt_findings"]["explanation"] == [expected]


def test_an_address_of_nobody_in_the_roster_is_replaced_as_well():
    text = published(explanation="owner lead-payments@acme.test; see x")["rpt_findings"]["explanation"][0]
    assert text == f"owner {PSEUDONYMS.of('lead-payments@acme.test')}; see x"


def test_names_in_key_names_are_replaced():
    assert published()["fct_usage_day"]["key_name"][1] == f"{MIRA}-laptop"


def test_the_id_of_a_finding_cannot_be_looked_up_by_a_list_of_logins():
    (code,) = published()["rpt_findings"]["finding_id"]
    assert code == PSEUDONYMS.code("00a1f4a68ac7dc12") != "00a1f4a68ac7dc12"
    assert re.fullmatch("[0-9a-f]{16}", code)


def test_namesakes_stay_two_people():
    tables = {"dim_person": pa.table({
        "person_id": ["E1", "E2"], "name": ["Ada Abe", "Ada Abe"], "email": ["a@acme.test", "b@acme.test"]})}
    table = pseudonymized(tables)["dim_person"].to_pydict()
    assert table["name"] == table["email"] == table["person_id"]
    assert len(set(table["name"])) == 2


def test_an_owner_and_a_manager_are_not_the_rows_person():
    tables = company() | {"rpt_auth_audit": pa.table({
        "workload": ["nightly_report"], "vendor": ["custom_agents"], "person_id": ["E1001"], "owner": ["Zoe Zhou"]})}
    assert pseudonymized(tables)["rpt_auth_audit"].to_pydict() == {
        "workload": ["nightly_report"], "vendor": ["custom_agents"], "person_id": [MIRA], "owner": [ZOE]}


def test_words_in_brackets_and_nulls_stay():
    tables = {"rpt_manager__person_week": pa.table({
        "person_id": ["(not attributable)", None], "name": ["(not attributable)", None]})}
    assert pseudonymized(tables)["rpt_manager__person_week"].equals(tables["rpt_manager__person_week"])


def test_empty_tables_pass():
    empty = {name: table.slice(0, 0) for name, table in company().items()}
    assert pseudonymized(empty) == empty


def test_the_same_salt_gives_the_same_names_and_another_salt_others():
    assert Pseudonyms(SALT).of("E1001") == MIRA == Pseudonyms(SALT).of("e1001")
    other = Pseudonyms("another salt of 16")
    assert other.of("E1001") != MIRA
    assert other.fingerprint() != Pseudonyms(SALT).fingerprint() == PSEUDONYMS.fingerprint()


def test_tables_of_a_duckdb_session_give_the_same_people():
    tables = company()
    with duckdb.connect() as connection:
        for name, table in tables.items():
            connection.register(name, table)
        people = privacy.people_of(connection, tables)
    for name, table in tables.items():
        assert privacy.pseudonymized_table(table, people, PSEUDONYMS) == pseudonymized(tables)[name]


def test_a_salt_that_can_be_guessed_is_refused():
    with pytest.raises(ConfigurationError, match="at least 16 characters"):
        Pseudonyms("short")


def test_the_mode_is_on_when_the_salt_is_set(monkeypatch):
    assert privacy.from_environment() is None
    monkeypatch.setenv("AGENT_SPEND_PSEUDONYM_SALT", SALT)
    assert privacy.from_environment().of("E1001") == MIRA


WORD = st.text("abcdefghijklmnopqrstuvwxyzäß0123456789", min_size=3, max_size=8).map(lambda word: "q" + word)
IDENTIFIER = st.lists(WORD, min_size=1, max_size=3)
PERSON = st.tuples(IDENTIFIER, IDENTIFIER, IDENTIFIER, IDENTIFIER, st.integers(10_000, 99_999_999))
AROUND = st.text(" .,;:()[]|/-_\n'", min_size=1, max_size=3)


@settings(max_examples=150, deadline=None)
@given(people=st.lists(PERSON, min_size=1, max_size=4), around=st.lists(AROUND, min_size=30, max_size=30),
       shout=st.booleans())
def test_no_identifier_survives_in_any_cell(people, around, shout):
    rows = [
        {"person_id": "-".join(one), "name": " ".join(two).title(), "email": ".".join(three) + "@Acme.test",
         "github_login": "-".join(four) + "_acme", "user": str(number)}
        for one, two, three, four, number in people
    ]
    words = [word for row in rows for word in row.values()]
    text = "".join(space + (word.upper() if shout else word) for space, word in zip(around * 2, words, strict=False)) + " end"
    tables = {
        "dim_person": pa.Table.from_pylist([{k: v for k, v in row.items() if k != "user"} for row in rows]),
        "rpt_manager__credit_day": pa.Table.from_pylist([
            {"vendor": "github_copilot", "actor_id": row["user"], "login": row["github_login"],
             "person_id": row["person_id"]} for row in rows]),
        "rpt_findings": pa.Table.from_pylist([
            {"vendor": "company", "subject": f"key {row['name']}", "explanation": text, "key_name": row["email"].split("@")[0]}
            for row in rows]),
    }
    for name, table in pseudonymized(tables).items():
        for column in table.schema.names:
            for cell in table[column].to_pylist():
                for word in words:
                    found = re.search(rf"(?<![^\W_]){re.escape(word)}(?![^\W_])", cell, re.IGNORECASE)
                    assert found is None, f"{word!r} is in {name}.{column}: {cell!r}"
