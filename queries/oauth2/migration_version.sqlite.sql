with numbered as (
  select
    version,
    installed_on,
    type,
    row_number() over (partition by version order by installed_on desc) as place,
    case
      when version glob '[0-9]*' and version glob '*[0-9]' and version not glob '*[^0-9._]*'
        then '["' || replace(replace(version, '_', '.'), '.', '","') || '"]'
    end as parts
  from :migrations as migration
  where success
    and version <> ''
)
select
  version,
  1 as info
from numbered
where place = 1
  and (type is null or not (type like 'undo%' or type like 'delete%'))
order by
  -- 10 comes after 9: numbers of one length compare as text does.
  (
    select group_concat(printf('%020d', part.value), '.')
    from json_each(numbered.parts) as part
  ) desc,
  installed_on desc,
  version desc
limit 1
