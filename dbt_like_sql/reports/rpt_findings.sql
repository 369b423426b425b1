-- grain: one row a finding, resolved ones included
-- unit: the finding's own (credits, USD, tokens); amount_usd is list USD
-- source: the ledger of findings that the checks keep
-- late data: a finding whose cause is restated away becomes resolved
-- partitions: none
/*
finding_id: Stable id: the same kind, vendor, subject and day give the same id on every run
kind: The check that found it
severity: ERROR is sent to Slack by itself, WARN in a digest
vendor: Ledger vendor, or company for what is our own to fix
subject: Who or what it is about: a login, key, model, workflow or feed
person_id: Roster person, where there is one
org: The person's organisation, or (not attributable)
usage_day: UTC day the finding is about; for a finding without a day, the day it was first seen
observed: The value that was found, in the finding's own unit
baseline: The value it was compared with
ratio: Observed over baseline
amount_usd: List USD at stake
explanation: One sentence for a person
status: open, acknowledged (silenced by a person) or resolved (gone when its day was checked again)
first_seen_at: UTC time of the first run that found it
notified_at: UTC time a Slack message naming it was accepted; null when none was sent
*/
WITH rpt_findings AS (
  SELECT
    finding_id,
    kind,
    severity,
    vendor,
    subject,
    person_id,
    org,
    usage_day,
    observed,
    baseline,
    ratio,
    amount_usd,
    explanation,
    status,
    first_seen_at,
    notified_at
  FROM findings
)

SELECT * FROM rpt_findings
