-- grain: one row: the numbers of policies/workload_rules.csv
-- source: policies/workload_rules.csv; a missing number is null, and the check workload_rules_missing says so
-- partitions: view none
/*
window_days: days that cadence and evidence are judged over
quiet_days: days without use after which a workload has stopped
min_active_days: fewest days with a start in the same hour for a rhythm
same_hour_share: share of days that need a start in that hour
steady_minutes: how far from the usual minute a clock may start
night_first_hour: first UTC hour of the night
night_last_hour: last UTC hour of the night
neighbour_share: share of days with activity in the hours beside, above which the slot is a person's
rest_hours: hours of rest a day that a person takes and a clock does not
shared_seat_workloads: machine workloads on one seat from which it counts as shared
shared_seat_machines: machines without a person on one Claude seat and day from which it does
*/
WITH numbers AS (
  SELECT
    name,
    TRY_CAST(TRIM(value) AS DECIMAL(9, 3)) AS number
  FROM workload_rules
),

int_workload__rule AS (
  SELECT
    CAST(MAX(CASE WHEN name = 'window_days' THEN number END) AS INTEGER) AS window_days,
    CAST(MAX(CASE WHEN name = 'quiet_days' THEN number END) AS INTEGER) AS quiet_days,
    CAST(MAX(CASE WHEN name = 'min_active_days' THEN number END) AS INTEGER) AS min_active_days,
    CAST(MAX(CASE WHEN name = 'same_hour_share' THEN number END) AS DOUBLE) AS same_hour_share,
    CAST(MAX(CASE WHEN name = 'steady_minutes' THEN number END) AS INTEGER) AS steady_minutes,
    CAST(MAX(CASE WHEN name = 'night_first_hour' THEN number END) AS INTEGER) AS night_first_hour,
    CAST(MAX(CASE WHEN name = 'night_last_hour' THEN number END) AS INTEGER) AS night_last_hour,
    CAST(MAX(CASE WHEN name = 'neighbour_share' THEN number END) AS DOUBLE) AS neighbour_share,
    CAST(MAX(CASE WHEN name = 'rest_hours' THEN number END) AS DOUBLE) AS rest_hours,
    CAST(MAX(CASE WHEN name = 'shared_seat_workloads' THEN number END) AS INTEGER) AS shared_seat_workloads,
    CAST(MAX(CASE WHEN name = 'shared_seat_machines' THEN number END) AS INTEGER) AS shared_seat_machines
  FROM numbers
)

SELECT * FROM int_workload__rule
