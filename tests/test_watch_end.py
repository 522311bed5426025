"""What the end of a target leaves of runs that were under way: nothing."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import replace
from pathlib import Path

from exporter import configuration
from exporter.model import JobKey
from servers import Server
from setting_files import written
from shipped import TOKENS, grant_columns
from test_watch import Trial

SOME = """
INSERT INTO public.tokens (token_id, token_type, access_token, expires_at)
SELECT gen_random_uuid(), 'access', md5(n::text), now() AT TIME ZONE 'UTC' FROM generate_series(1, 500) AS n;
ANALYZE public.tokens;
"""


def test_a_count_of_tokens_that_ends_with_its_target_leaves_no_store_on_the_page(
    tmp_path: Path, database: str, a_server: Server
) -> None:
    dsn = a_server.monitor_dsn(database)
    a_server.execute(TOKENS + SOME, database)
    grant_columns(a_server, database)
    a_server.execute("GRANT SELECT (ctid) ON public.tokens TO monitor", database)
    loaded = configuration.load(written(tmp_path, f"targets: [{{name: main, dsn: '{dsn}'}}]\n"), {}, {})
    tokens = loaded.queries["tokens"]
    counted = replace(tokens, needs=replace(tokens.needs, max_pages=1))
    key = JobKey("tokens", "main", database)

    async def scenario() -> None:
        trial = Trial(dsn, counted)
        trial.watch.reconfigure({"tokens": counted}, loaded.stores["main"])
        supervisor = asyncio.create_task(trial.watch.serve())
        await trial.until(lambda: key in trial.watch.plan.active)
        assert trial.watch.plan.active[key].estimated
        run = asyncio.create_task(trial.watch.run(key))
        await asyncio.sleep(0)  # it has begun
        supervisor.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await supervisor
        assert not run.done()
        trial.watch.retire()
        await trial.database.close()
        await run
        assert trial.page() == ""

    asyncio.run(scenario())
