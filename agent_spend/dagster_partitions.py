"""The calendar as Dagster sees it: the partitions of daily, weekly and monthly assets, each a UTC day."""

import dagster as dg

from agent_spend.partitions import FIRST_DAY, month_start, week_start

DAILY = dg.DailyPartitionsDefinition(start_date=FIRST_DAY.isoformat(), timezone="UTC")
# The open week and month are partitions too (end_offset=1): their figures are wanted before they close.
WEEKLY = dg.WeeklyPartitionsDefinition(start_date=week_start(FIRST_DAY).isoformat(), day_offset=1, timezone="UTC", end_offset=1)
MONTHLY = dg.MonthlyPartitionsDefinition(start_date=month_start(FIRST_DAY).isoformat(), timezone="UTC", end_offset=1)

#: One run for a whole range: a year of one feed is one run. Marked beta by Dagster, so it is named once, here.
SINGLE_RUN = dg.BackfillPolicy.single_run()
