"""Rules of what the process does for itself."""

from __future__ import annotations

import asyncio
import gc

from exporter.housekeeping import collect_garbage


def test_full_collections_come_at_their_time_only_while_the_process_serves() -> None:
    async def main() -> None:
        usual = gc.get_threshold()
        task = asyncio.create_task(collect_garbage())
        await asyncio.sleep(0)
        assert gc.get_threshold()[:2] == usual[:2]
        assert gc.get_threshold()[2] > 1000 * usual[2]
        task.cancel()
        await asyncio.wait([task])
        assert gc.get_threshold() == usual

    asyncio.run(main())
