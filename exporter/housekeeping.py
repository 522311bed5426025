"""Owns what the process does for itself beside polling: pages made ready, garbage collected."""

from __future__ import annotations

import asyncio
import gc

from exporter.store import Store

_PREPARE_EVERY = 1.0
_COLLECT_EVERY = 600.0
# Never: a full collection looks at everything that is on the page, and Python would do that again and again,
# because all of it is made anew all the time. With 500 targets each would stop the process for 0.4 s.
_FULL_COLLECTIONS = 1_000_000


async def prepare_pages(store: Store) -> None:
    """Join what has changed, again and again, so that no scrape has to."""
    while True:
        store.prepare()
        await asyncio.sleep(_PREPARE_EVERY)


async def collect_garbage() -> None:
    """Collect young garbage as usual, and the rest from time to time."""
    usual = gc.get_threshold()
    gc.set_threshold(usual[0], usual[1], _FULL_COLLECTIONS)
    try:
        while True:
            await asyncio.sleep(_COLLECT_EVERY)
            gc.collect()
    finally:
        gc.set_threshold(*usual)
