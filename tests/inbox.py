"""Owns what Alertmanager sends in a test: small HTTP and SMTP servers that keep what comes."""

from __future__ import annotations

import json
import socketserver
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from email import message_from_bytes, policy
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, cast


@dataclass(frozen=True)
class Notice:
    """A notification as it arrived."""

    way: str  # mail, or the path of the webhook: chat, pager, tickets, heartbeat
    to: str  # the mail's recipient, the chat's channel, the pager's routing key, else the receiver's name
    title: str
    text: str
    body: Mapping[str, Any] = field(repr=False)  # the JSON; a mail's HTML as `html`
    authorization: str = ""  # what a webhook was sent with


@dataclass
class Inbox:
    """All that came, oldest first. `url` is where webhooks go, `smtp` is host:port."""

    url: str = ""
    smtp: str = ""
    notices: list[Notice] = field(default_factory=list)

    def find(self, *words: str, way: str | None = None, to: str | None = None) -> list[Notice]:
        """Return what came this way, to this one, with all these words in its title, text or JSON."""
        return [
            each
            for each in list(self.notices)
            if way in {None, each.way}
            and to in {None, each.to}
            and all(word in f"{each.title}\n{each.text}\n{json.dumps(each.body)}" for word in words)
        ]

    def wait(
        self, *words: str, way: str | None = None, to: str | None = None, count: int = 1, seconds: float = 20
    ) -> list[Notice]:
        """Wait until `find` returns at least so many, and return them."""
        self.until(
            lambda: len(self.find(*words, way=way, to=to)) >= count, f"{words} by {way} to {to}", seconds
        )
        return self.find(*words, way=way, to=to)

    def until(self, condition: Callable[[], bool], what: str, seconds: float = 20) -> None:
        """Wait until the condition holds; fail with all that came otherwise."""
        end = time.monotonic() + seconds
        while not condition():
            came = "\n".join(f"{each.way} to {each.to}: {each.title}" for each in self.notices)
            assert time.monotonic() < end, f"no {what} in {seconds} s; what came:\n{came}"
            time.sleep(0.02)


@contextmanager
def inbox() -> Iterator[Inbox]:
    """Servers on free ports that keep what they are sent."""
    kept = Inbox()
    with _Web(("127.0.0.1", 0), _Hook) as web, _Mail(("127.0.0.1", 0), _Letter) as mail:
        web.kept = mail.kept = kept
        kept.url = f"http://127.0.0.1:{web.server_address[1]}"
        kept.smtp = f"127.0.0.1:{mail.server_address[1]}"
        threads = [threading.Thread(target=each.serve_forever, args=(0.05,)) for each in (web, mail)]
        for thread in threads:
            thread.start()
        try:
            yield kept
        finally:
            for server in (web, mail):
                server.shutdown()
            for thread in threads:
                thread.join()


class _Web(ThreadingHTTPServer):
    kept: Inbox


class _Hook(BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        way = self.path.strip("/")
        notice = _READERS.get(way, _plain)(way, body)
        token = self.headers.get("Authorization", "")
        cast("_Web", self.server).kept.notices.append(replace(notice, authorization=token))
        self.send_response(202)  # what a pager's interface answers; the others take any 2xx
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the name is the base class')
        pass


def _plain(way: str, body: dict[str, Any]) -> Notice:
    return Notice(way, body["receiver"], "", "", body)


def _chat(way: str, body: dict[str, Any]) -> Notice:
    [said] = body["attachments"]
    return Notice(way, body["channel"], said["title"], said["text"], body)


def _page(way: str, body: dict[str, Any]) -> Notice:
    said = body.get("payload", {})  # a resolution has none in some versions
    details = said.get("custom_details", {})
    return Notice(way, body["routing_key"], said.get("summary", ""), details.get("text", ""), body)


_READERS: dict[str, Callable[[str, dict[str, Any]], Notice]] = {"chat": _chat, "pager": _page}


class _Mail(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    kept: Inbox


class _Letter(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        """Speak as much SMTP as it takes to be given a mail."""
        self._say("220 inbox")
        for line in self.rfile:
            verb = line[:4].upper()
            if verb == b"DATA":
                self._say("354 go on")
                cast("_Mail", self.server).kept.notices.append(_letter(self._until_the_dot()))
            self._say("221 bye" if verb == b"QUIT" else "250 inbox")
            if verb == b"QUIT":
                return

    def _say(self, line: str) -> None:
        self.wfile.write(f"{line}\r\n".encode())

    def _until_the_dot(self) -> bytes:
        lines = iter(self.rfile.readline, b".\r\n")
        return b"".join(line[1:] if line.startswith(b".") else line for line in lines)


def _letter(raw: bytes) -> Notice:
    mail = message_from_bytes(raw, policy=policy.default)
    parts = {part.get_content_subtype(): part.get_content() for part in mail.iter_parts()}
    text = str(parts["plain"]).replace("\r\n", "\n")
    return Notice("mail", str(mail["To"]), str(mail["Subject"]), text, {"html": parts["html"]})
