with recent as (
  select
    kind,
    max(0.0, round(expires - issued)) as seconds
  from :tokens_issued_within_24h as token
  where issued <= now() + 86400
    and expires is not null
),
kinds (kind) as (
  select value
  from json_each(:tokens_kinds_with_issued)
  union
  select kind
  from recent
)
select
  kinds.kind,
  '[60, 300, 900, 3600, 7200, 43200, 86400, 604800, 2592000, 7776000]' as lifetime_bounds,
  json_array(
    count(*) filter (where seconds <= 60),
    count(*) filter (where seconds <= 300),
    count(*) filter (where seconds <= 900),
    count(*) filter (where seconds <= 3600),
    count(*) filter (where seconds <= 7200),
    count(*) filter (where seconds <= 43200),
    count(*) filter (where seconds <= 86400),
    count(*) filter (where seconds <= 604800),
    count(*) filter (where seconds <= 2592000),
    count(*) filter (where seconds <= 7776000)
  ) as lifetime_buckets,
  count(seconds) as lifetime_count,
  coalesce(sum(seconds), 0) as lifetime_sum
from kinds
left join recent
  on recent.kind = kinds.kind
group by kinds.kind
order by kinds.kind
