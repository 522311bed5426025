select count(*) as codes
from :codes as code
where coalesce(issued, expires) <= now() - 3600
