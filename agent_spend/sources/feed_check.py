"""A feed's state where Dagster shows the asset: passed, a warning for days that are wanting, skipped while not connected.

A partition is green once a feed was asked for its day, also where the vendor refused or no key is set. The check says which.
"""

from collections.abc import Iterator

import dagster as dg

from agent_spend.lake.ledgers import coverage_of
from agent_spend.lake.tables import Lake
from agent_spend.privacy import Display
from agent_spend.settings import Settings, is_connected, settings_of
from agent_spend.sources.feed import Feed
from agent_spend.words import counted

NAME = "answered"


def feed_check(feed: Feed) -> dg.AssetChecksDefinition:
    """Whether the newest attempt of every day brought all there is.

    It is skipped while the feed has no settings: a system that a company does not have is no fault.
    """
    spec = dg.AssetCheckSpec(
        NAME, asset=feed.name,
        description="**The vendor gave every day that it was asked for.** A warning names the days that were refused, failed or "
        f"came in part, since when, and why. Skipped: the feed is not connected; it needs {settings_of(feed.system)}.\n\n"
        "**What to do:** do what the message says (a key, a permission, a file), run `agent-spend doctor`, then materialise "
        "the days again.",
    )

    @dg.multi_asset_check(name=f"{feed.name}_{NAME}", specs=[spec], can_subset=True)
    def check() -> Iterator[dg.AssetCheckResult]:
        if not is_connected(feed.system):
            return
        lake = Lake(Settings.from_environment().lake_uri)
        days = coverage_of(lake, feed.name)
        wanting = [line for _, line in sorted(days.items()) if line.is_wanting]
        if not wanting:
            with_rows = sum(line.row_count > 0 for line in days.values())
            said, found = f"{counted(len(days), 'day')} asked for, {with_rows:,} with rows", {}
        else:
            newest = wanting[-1]
            stored = sum(line.row_count > 0 for line in wanting)
            said = (
                f"{counted(len(wanting), 'day')} since {wanting[0].usage_day} wanting, {stored:,} of them with rows of an "
                f"earlier or partial answer. {newest.usage_day}: {newest.message or newest.last_attempt}"
            )
            found = {"first_day": str(wanting[0].usage_day), "last_day": str(newest.usage_day), "days": len(wanting),
                     "states": ", ".join(sorted({line.last_attempt for line in wanting}))}
        yield dg.AssetCheckResult(
            passed=not wanting, severity=dg.AssetCheckSeverity.WARN, asset_key=feed.name, check_name=NAME, metadata=found,
            description=Display.of(lake).text(said),
        )

    return check
