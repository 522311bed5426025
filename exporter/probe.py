"""Owns the constant-rate probe of a target: once every 15 s it says whether the target answered.

The ratio of its two counts is a service level that burn-rate alerts can use. Runs of queries are none: their
number follows from the catalogue, and there are none while a server is away.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine

EVERY = 15.0
"""Seconds between two probes."""

# What of an interval passes before a target that was silent is asked. Mostly a query has been answered by
# then, and the probe costs nothing.
_ASK_AFTER = 2 / 3


class Probe:
    """Counts one probe in every interval, whatever the state of the target.

    `ok` is an interval in which the target answered and at whose end it is up; anything else `failed`. A
    server that freezes is noticed at the end of the first interval without an answer, within two of them.
    """

    def __init__(self, every: float = EVERY) -> None:
        self._every = every
        self._answered = False
        self.counts = {"ok": 0, "failed": 0}

    def answered(self) -> None:
        """Note that the target has answered just now."""
        self._answered = True

    async def serve(
        self,
        is_up: Callable[[], bool | None],
        ask: Callable[[], Coroutine[None, None, None]],
        publish: Callable[[], None],
    ) -> None:
        """Count until cancelled.

        Args:
            is_up: whether the target is known to be up; nobody asks one that is not. None while another
                process counts.
            ask: asks it something trivial and calls `answered` when it replies; raises nothing. Without
                an answer it may outlive its interval: there is one at a time, and no count waits for it.
            publish: called after each count.
        """
        now = asyncio.get_running_loop().time
        end = now()
        async with asyncio.TaskGroup() as tasks:
            question: asyncio.Task[None] | None = None
            while True:
                end += self._every
                if end <= now():  # a process that was stopped does not make up for the time
                    end = now() + self._every
                await asyncio.sleep(end - now() - self._every * (1 - _ASK_AFTER))
                if is_up() and not self._answered and (question is None or question.done()):
                    question = tasks.create_task(ask())
                await asyncio.sleep(end - now())
                up, answered, self._answered = is_up(), self._answered, False
                if up is not None:
                    self.counts["ok" if up and answered else "failed"] += 1
                    publish()
