"""What is known about each key, from the registry, the console, the reports and the spans."""

from workload_company import DAYS, at


def use(company, key_id, **more):
    company.ledger(DAYS, **{"vendor": "anthropic", "surface": "claude_api", "series": "claude_api_key",
                            "auth_kind": "api_key", "actor_kind": "machine", "actor_id": key_id, "key_id": key_id,
                            "person_id": None, "unit": "tokens", "list_usd": "1.5", "workspace": "wrkspc_1"} | more)


def register(company, *keys):
    company.write("key_registry", *[
        {"usage_day": DAYS[-1], "vendor": "anthropic", "cost_center": "CC-1", "owner_email": "jonas@acme.test"} | key
        for key in keys])


def subjects(company, check):
    company.audit()
    return [row["subject"] for row in company.findings(check)]


def test_a_staging_key_in_a_workspace_tagged_as_production_stands_in_two_environments(company):
    use(company, "a")
    use(company, "b", workspace="wrkspc_2")
    register(company, {"key_id": "a", "environment": "staging"}, {"key_id": "b", "environment": "prod"})
    company.write("claude_workspaces", *[
        {"usage_day": DAYS[-1], "workspace_id": f"wrkspc_{n}", "name": "W", "tags_json": '{"env":"production"}'}
        for n in (1, 2)])
    assert subjects(company, "key_in_two_environments") == ["a"]
    assert "stands in prod and in staging (tag of its workspace)" in (
        company.findings("key_in_two_environments")[0]["explanation"])


def test_a_key_that_the_registry_puts_in_two_environments_is_a_finding_until_one_is_left(company):
    use(company, "a")
    register(company, {"key_id": "a", "environment": "dev", "other_environment": "production"})
    assert subjects(company, "key_in_two_environments") == ["a"]
    assert company.findings("key_in_two_environments")[0]["explanation"] == (
        "Key a stands in dev and in prod (two lines of the key registry); give each environment a key of its own; 42.00 USD "
        "(list) in 28 days")
    register(company, {"key_id": "a", "environment": "prod"})
    assert subjects(company, "key_in_two_environments") == []


def test_a_key_of_two_environments_is_a_production_key_when_one_of_them_is(company):
    use(company, "a")
    register(company, {"key_id": "a", "key_name": "shared", "environment": "dev", "other_environment": "prod"})
    company.claude_code(DAYS[20:22], "vscode", actor_type="api_actor", actor_email=None, customer_type="api",
                        actor_api_key_name="shared")
    assert subjects(company, "prod_key_used_interactively") == ["shared"]


def test_two_keys_of_one_name_in_two_environments_are_one_finding(company):
    use(company, "a")
    use(company, "b")
    register(company, {"key_id": "a", "key_name": "shared", "environment": "prod"},
             {"key_id": "b", "key_name": "shared", "environment": "staging"})
    assert subjects(company, "key_in_two_environments") == ["shared"]
    assert "stands in prod and in staging (another registry line with the same name)" in (
        company.findings("key_in_two_environments")[0]["explanation"])


def test_spans_of_two_environments_that_name_one_key_are_a_finding(company):
    same = {"auth_kind": "api_key", "owner_email": "litellm_key:9f2c"}
    company.traced_runs([at(DAYS[-1], 10)], environment="prod", **same)
    company.traced_runs([at(DAYS[-1], 11)], environment="staging", **same)
    assert subjects(company, "key_in_two_environments") == ["litellm_key:9f2c"]


def test_a_production_key_by_name_at_a_terminal_is_found_and_in_a_pipeline_is_not(company):
    for key in ("a", "b"):
        use(company, key)
    register(company, {"key_id": "a", "key_name": "Checkout", "environment": "prod"},
             {"key_id": "b", "key_name": "pipeline", "environment": "prod"})
    named = {"actor_type": "api_actor", "actor_email": None, "customer_type": "api"}
    company.claude_code(DAYS[20:22], "vscode", sessions=lambda day: 3, actor_api_key_name="checkout", **named)
    company.claude_code(DAYS[20:22], "github-actions", actor_api_key_name="pipeline", **named)
    assert subjects(company, "prod_key_used_interactively") == ["Checkout"]
    assert "(vscode) from 2026-11-15 to 2026-11-16, 6 sessions" in (
        company.findings("prod_key_used_interactively")[0]["explanation"])


def test_a_key_that_acts_as_a_person_in_production_is_found(company):
    use(company, "a")
    use(company, "b")
    register(company, {"key_id": "a", "environment": "prod"}, {"key_id": "b", "environment": "prod"})
    listed = {"usage_day": DAYS[-1], "name": "k", "status": "active", "workspace_id": "wrkspc_1", "created_at": at(DAYS[0], 1)}
    company.write("claude_api_keys", listed | {"api_key_id": "a", "principal_user_id": "user_1"},
                  listed | {"api_key_id": "b", "created_by_user_id": "user_1"})
    company.write("claude_users", {"usage_day": DAYS[-1], "user_id": "user_1", "email": "Ada@acme.test", "role": "user"})
    assert subjects(company, "personal_key_in_prod") == ["a"]
    assert "Personal key a of ada@acme.test" in company.findings("personal_key_in_prod")[0]["explanation"]


def test_an_owner_whose_roster_rows_ended_has_left(company):
    use(company, "a")
    register(company, {"key_id": "a", "environment": "prod", "owner_email": "ben@acme.test"})
    person = {"person_id": "E1", "name": "Ben", "email": "ben@acme.test", "first_day": DAYS[0]}
    company.write("dim_person", person | {"last_day": DAYS[5]}, {"person_id": "E2", "name": "Ada", "last_day": DAYS[-1]})
    assert subjects(company, "key_without_owner") == ["a"]
    assert "belongs to ben@acme.test, who left on 2026-10-31" in company.findings("key_without_owner")[0]["explanation"]


def test_a_key_is_current_while_its_last_use_is_within_the_quiet_days(company):
    company.ledger([DAYS[13]], vendor="anthropic", series="claude_api_key", key_id="gone")
    company.ledger([DAYS[14]], vendor="anthropic", series="claude_api_key", key_id="still")
    company.build("int_workload__key")
    assert {row["key_id"]: row["is_current"] for row in company.read("int_workload__key")} == {"gone": False, "still": True}
