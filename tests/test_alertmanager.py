"""Rules about notifications: a real Alertmanager with our configuration tells the right people."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from alertmanager import Alertmanager, alert, alertmanager, shipped
from inbox import Inbox, inbox


@pytest.fixture(scope="module")
def received() -> Iterator[Inbox]:
    with inbox() as kept:
        yield kept


@pytest.fixture(scope="module")
def manager(tmp_path_factory: pytest.TempPathFactory, received: Inbox) -> Iterator[Alertmanager]:
    folder = tmp_path_factory.mktemp("alertmanager")
    with alertmanager(folder, shipped(folder, received)) as running:
        yield running


def test_alerts_of_one_name_and_target_arrive_as_one_mail(manager: Alertmanager, received: Inbox) -> None:
    manager.send([alert("PostgresTogether", datname=name, target="together") for name in ("a", "b", "c")])
    [mail] = received.wait("PostgresTogether", way="mail")
    assert mail.title == "WARNING: PostgresTogether on together (3 firing)"
