"""The simulated GitHub refuses what GitHub refuses, and notices a token that leaks to a file link."""

from datetime import date

import pytest
import requests

from agent_spend.sandbox import server
from agent_spend.sandbox.scenario import Scenario

SMALL = Scenario(developers=12, days=21, seed=7, end_day=date(2026, 11, 22))
REPORT = "/github/enterprises/acme/copilot/metrics/reports/users-1-day?day=2026-11-12"
SIGNED = {"Authorization": "Bearer ghp_sandbox"}


@pytest.fixture
def ask(sandbox_server, monkeypatch):
    """GET against a sandbox started with switches; absolute links are taken as they are."""
    monkeypatch.setattr(server, "write_files", lambda scenario, folder: folder.mkdir(parents=True, exist_ok=True))

    def start(**options: str):
        running = sandbox_server(SMALL, **options)

        def get(path: str, headers: dict | None = SIGNED) -> requests.Response:
            return requests.get(path if path.startswith("http") else running.url + path, headers=headers, timeout=10)

        return get

    return start


@pytest.mark.parametrize(
    ("headers", "status", "text"),
    [
        (None, 401, "Requires authentication"),
        ({"Authorization": "Bearer ghp_other"}, 401, "Bad credentials"),
        ({"Authorization": "Bearer ghp_member"}, 403, "requires admin"),
    ],
)
def test_a_token_without_rights_is_refused_in_githubs_shape(ask, headers, status, text):
    answer = ask()(REPORT, headers)
    assert answer.status_code == status and text in answer.json()["message"]
    assert answer.json()["status"] == str(status)


def test_a_file_link_refuses_any_authorization(ask):
    get = ask()
    link = get(REPORT).json()["download_links"][0]
    assert (get(link, None).status_code, get(link).status_code) == (200, 400)


def test_an_expired_or_altered_link_is_refused_as_xml(ask):
    get = ask(copilot_link_ttl_seconds="0")
    link = get(REPORT).json()["download_links"][0]
    assert [get(url, None).status_code for url in (link, link + "0")] == [403, 403]
    assert get(link, None).text.startswith("<?xml")


def test_a_day_without_a_report_is_204(ask):
    get = ask(copilot_not_ready="2026-11-12")
    days = (get(REPORT), get(REPORT.replace("2026-11-12", "2026-11-23")), get(REPORT.replace("2026-11-12", "2026-11-01")))
    assert [answer.status_code for answer in days] == [204, 204, 204]


def test_an_unknown_slug_is_404(ask):
    get = ask()
    assert get(REPORT.replace("acme", "other")).status_code == 404
    assert get("/github/orgs/other/copilot/billing/seats").status_code == 404


def test_every_answer_counts_down_the_rate_limit(ask):
    get = ask(github_rate_limit="2")
    remaining = [get(REPORT).headers["x-ratelimit-remaining"] for _ in range(2)]
    refused = get(REPORT)
    assert remaining == ["1", "0"]
    assert (refused.status_code, refused.headers["x-ratelimit-remaining"]) == (403, "0")


def test_lists_are_paged_by_link(ask):
    get = ask()
    path = "/github/enterprises/acme/copilot/billing/seats?per_page=5"
    first, last = get(path), get(path + "&page=3")
    assert set(first.links) == {"next", "last"} and set(last.links) == {"prev", "first"}
    assert len(first.json()["seats"]) == 5 and len(get(first.links["last"]["url"]).json()["seats"]) == 4


def test_the_enterprise_lists_two_seats_of_one_person_and_counts_one(ask):
    seats = ask()("/github/enterprises/acme/copilot/billing/seats").json()
    assert (seats["total_seats"], len(seats["seats"])) == (13, 14)


def test_a_bill_by_person_is_refused_to_organizations(ask):
    answer = ask()("/github/organizations/acme-core/settings/billing/ai_credit/usage?user=ada-abe0_acme")
    assert answer.status_code == 403 and "cannot filter usage by user" in answer.json()["message"]


def test_a_bill_without_a_day_is_of_the_month(ask):
    get = ask()
    bill = "/github/enterprises/acme/settings/billing/usage/summary?year=2026&month=11"
    assert get(bill).json()["timePeriod"] == {"year": 2026, "month": 11}
    assert get(bill + "&day=12").json()["timePeriod"] == {"year": 2026, "month": 11, "day": 12}
