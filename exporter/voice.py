"""Owns whether this process speaks for a target: polls it, and has it on its page.

Without an election it does. With one, the process that leads does, and of a server that is away, where nobody
can lead, the one that led last.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from exporter.leadership import LOOK_EVERY, Leadership, Standing
from exporter.model import Family, JobKey
from exporter.store import Store


class Voice:
    """Mutes a target on the page while it is not ours to speak for, but for what is under one key.

    Args:
        target: its name.
        leadership: None where there is no election.
        store: where the page is made.
        but: the key of what is said all the same.
        on_change: called at once when this process leads or no longer does.
    """

    def __init__(
        self,
        target: str,
        leadership: Leadership | None,
        store: Store,
        but: JobKey,
        on_change: Callable[[], None],
    ) -> None:
        self._target = target
        self._leadership = leadership
        self._store = store
        self._but = but
        if leadership is not None:
            leadership.on_change = on_change
        self.mind(is_down=False)

    @property
    def leads(self) -> bool:
        """Whether the target is for this process to poll."""
        return self._leadership is None or self._leadership.leads

    @property
    def follows(self) -> bool:
        """Whether another process leads, as far as this one knows."""
        return self._leadership is not None and self._leadership.standing is Standing.FOLLOWER

    @property
    def is_elected(self) -> bool:
        """Whether there is an election at all."""
        return self._leadership is not None

    @property
    def standing(self) -> Standing | None:
        """What this process is to the target; None without an election."""
        return self._leadership.standing if self._leadership else None

    @property
    def problem(self) -> str:
        """Why there is no election, or why the lock could not be asked for; mostly empty."""
        return self._leadership.problem if self._leadership else ""

    def speaks(self, *, is_down: bool) -> bool:
        """Tell whether the target is for this process to speak for; `is_down` is a server that is away."""
        if self._leadership is None or self._leadership.leads:
            return True
        return is_down and self._leadership.known is not Standing.FOLLOWER

    def mind(self, *, is_down: bool) -> None:
        """Have the target on the page, or not, at once."""
        if self.speaks(is_down=is_down):
            self._store.unmute(self._target)
        else:
            self._store.mute(self._target, but=self._but)

    def families(self) -> tuple[Family, ...]:
        """Return what is said of the election on the page."""
        return self._leadership.families() if self._leadership else ()

    async def serve(self, random: Callable[[], float], ask: Callable[[Ask], Awaitable[None]]) -> None:
        """Look again and again who has the lock, until cancelled; `ask` asks if the server is up."""
        if self._leadership is not None:
            await asyncio.sleep(random() * LOOK_EVERY)  # or all targets would be due at once
            while True:
                await asyncio.sleep(LOOK_EVERY)
                await ask(self._leadership.look)

    def retire(self) -> None:
        """Have nothing to say any longer, whatever becomes of the lock; who followed stays mute."""
        if self._leadership is not None:
            self._leadership.on_change = _nobody_cares
        self.mind(is_down=True)


Ask = Callable[[], Awaitable[object]]


def _nobody_cares() -> None:
    """Do nothing: the target is no longer ours."""
