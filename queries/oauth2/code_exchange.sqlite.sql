with exchanged as (
  select round(max(0.0, used_at - issued), 3) as seconds
  from :codes_issued_within_1h as code
  where used_at is not null
    and issued <= now() + 86400
),
counted as (
  select
    json_array(
      count(*) filter (where seconds <= 0.5),
      count(*) filter (where seconds <= 1),
      count(*) filter (where seconds <= 2),
      count(*) filter (where seconds <= 5),
      count(*) filter (where seconds <= 10),
      count(*) filter (where seconds <= 30),
      count(*) filter (where seconds <= 60),
      count(*) filter (where seconds <= 120),
      count(*) filter (where seconds <= 300),
      count(*) filter (where seconds <= 600)
    ) as buckets,
    count(*) as codes,
    coalesce(sum(seconds), 0) as total
  from exchanged
)
select
  '[0.5, 1, 2, 5, 10, 30, 60, 120, 300, 600]' as exchange_bounds,
  buckets as exchange_buckets,
  codes as exchange_count,
  total as exchange_sum
from counted
where :codes_has_issued
  and :codes_has_used_at
