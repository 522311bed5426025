"""Owns a run of Authlib: tables of its SQLAlchemy mixins, and tokens that its own functions save and revoke.

Run by itself with a DSN; it prints what Authlib makes of its own rows, as JSON.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from types import SimpleNamespace

from authlib.integrations.sqla_oauth2 import (
    OAuth2AuthorizationCodeMixin,
    OAuth2ClientMixin,
    OAuth2TokenMixin,
    create_query_token_func,
    create_revocation_endpoint,
    create_save_token_func,
)
from sqlalchemy import Integer, create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column


class Base(DeclarativeBase):
    """The models of an application as Authlib's documentation has them."""


class Client(Base, OAuth2ClientMixin):  # type: ignore[misc] # Authlib has no types
    __tablename__ = "oauth2_client"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(Integer)


class Code(Base, OAuth2AuthorizationCodeMixin):  # type: ignore[misc] # Authlib has no types
    __tablename__ = "oauth2_code"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(Integer)


class Token(Base, OAuth2TokenMixin):  # type: ignore[misc] # Authlib has no types
    __tablename__ = "oauth2_token"
    id: Mapped[int] = mapped_column(primary_key=True)
    user_id: Mapped[int | None] = mapped_column(Integer)


def issue(session: Session) -> None:
    """Save 7 tokens: of 4 fresh and 3 old ones 2 revoked as access tokens, one as a refresh token."""
    client = Client(client_id="web", client_secret="not-a-secret", client_id_issued_at=int(time.time()))
    client.set_client_metadata(
        {"grant_types": ["authorization_code"], "redirect_uris": ["https://client.example/callback"]}
    )
    session.add(client)
    session.commit()
    save = create_save_token_func(session, Token)
    request = SimpleNamespace(user=SimpleNamespace(get_user_id=lambda: 7), client=client)
    for number in range(7):
        token = {"token_type": "Bearer", "scope": "read", "expires_in": 0 if number == 6 else 3600}
        save({**token, "access_token": f"a{number}", "refresh_token": f"r{number}"}, request)
    for number in (4, 5, 6):
        row = session.scalars(select(Token).filter_by(access_token=f"a{number}")).one()
        row.issued_at -= 7200
    session.commit()
    endpoint = create_revocation_endpoint(session, Token)(SimpleNamespace())
    query = create_query_token_func(session, Token)
    for name, hint in (("a1", "access_token"), ("r2", "refresh_token"), ("a5", "access_token")):
        form = {"token": name, "token_type_hint": hint}
        endpoint.revoke_token(query(name, hint), SimpleNamespace(form=form))
    now = int(time.time())
    for code, age, method in (("c1", 0, "S256"), ("c2", 301, "S256"), ("c3", 10, None)):
        session.add(Code(code=code, client_id="web", auth_time=now - age, code_challenge_method=method))
    session.commit()


def report(session: Session) -> dict[str, int]:
    """Return what the mixins say about each row."""
    found: Counter[str] = Counter()
    for token in session.scalars(select(Token)):
        revoked = bool(token.access_token_revoked_at)
        found[f"access {'revoked' if revoked else 'expired' if token.is_expired() else 'active'}"] += 1
        found[f"refresh {'revoked' if token.refresh_token_revoked_at else 'active'}"] += 1
    for code in session.scalars(select(Code)):
        found[f"code {'expired' if code.is_expired() else 'active'}"] += 1
    return dict(found)


if __name__ == "__main__":
    engine = create_engine(sys.argv[1].replace("postgresql://", "postgresql+psycopg://"))
    Base.metadata.create_all(engine)
    with Session(engine) as work:
        issue(work)
        print(json.dumps(report(work)))  # noqa: T201 - its answer to the test that runs it
