"""However the vendor cuts events into pages, and whatever it repeats at the seams, the rows are the same."""

import itertools
from datetime import date

from cursor_fakes import event, page_text
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agent_spend.settings import Settings
from agent_spend.sources.cursor.assets import FEEDS

TENTH_MS = 1794268800000
NINTH, TENTH = date(2026, 11, 9), date(2026, 11, 10)
QUICK = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@st.composite
def cut_events(draw):
    """Distinct events, several of one millisecond, cut into pages that begin with repeats of the page before."""
    moments = draw(st.lists(st.integers(-5, 5), min_size=1, max_size=30))
    events = [event(TENTH_MS + moment, chargedCents=number) for number, moment in enumerate(moments)]
    cuts = sorted(draw(st.sets(st.integers(1, max(1, len(events) - 1)), max_size=6)) & set(range(1, len(events))))
    edges = [0, *cuts, len(events)]
    pages = [events[first:last] for first, last in itertools.pairwise(edges)]
    for number in range(1, len(pages)):
        repeated = draw(st.integers(0, edges[number] - edges[number - 1]))
        pages[number] = events[edges[number] - repeated : edges[number]] + pages[number]
    return events, pages


@QUICK
@given(cut=cut_events())
def test_any_cut_into_pages_gives_the_same_rows(vendor, cut):
    events, pages = cut
    vendor.answer = lambda path, body: page_text(
        pages[body["page"] - 1], len(events), has_next=body["page"] < len(pages)
    )
    answers = {a.day: a for a in FEEDS[0].fetch([NINTH, TENTH], Settings.from_environment())}
    for day in (NINTH, TENTH):
        expected = [e["chargedCents"] for e in events if (int(e["timestamp"]) >= TENTH_MS) == (day == TENTH)]
        assert [row["charged_usd"] * 100 for row in answers[day].rows] == expected


@QUICK
@given(
    copies=st.lists(st.integers(0, 2), min_size=2, max_size=20),
    cut=st.integers(1, 19),
    repeated=st.integers(0, 3),
)
def test_equal_events_are_never_merged_beyond_what_the_count_allows(vendor, copies, cut, repeated):
    events = [event(TENTH_MS, chargedCents=cents) for cents in copies]
    cut = min(cut, len(events) - 1)
    repeated = min(repeated, cut)
    pages = [events[:cut], events[cut - repeated : cut] + events[cut:]]
    vendor.answer = lambda path, body: page_text(pages[body["page"] - 1], len(events), has_next=body["page"] == 1)
    [answer] = FEEDS[0].fetch([TENTH], Settings.from_environment())
    assert [row["charged_usd"] * 100 for row in answer.rows] == copies
