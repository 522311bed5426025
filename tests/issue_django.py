"""Owns a run of django-oauth-toolkit: its migrations, its endpoints, and tokens in every state it knows.

Run by itself with a DSN; it prints what the toolkit makes of its own rows, as JSON.
"""

from __future__ import annotations

import json
import sys
from base64 import urlsafe_b64encode
from collections import Counter
from datetime import timedelta
from hashlib import sha256
from types import ModuleType
from urllib.parse import parse_qs, urlsplit

import django
from django.conf import settings
from django.core.management import call_command

SECRET = "not-a-secret"
VERIFIER = "v" * 64
CALLBACK = "https://client.example/callback"
CHALLENGE = urlsafe_b64encode(sha256(VERIFIER.encode()).digest()).rstrip(b"=").decode()


def configure(dsn: str) -> None:
    """Make a Django project of this process: its urls are the module `urls` below."""
    url = urlsplit(dsn)
    urls = ModuleType("issue_urls")
    sys.modules["issue_urls"] = urls
    settings.configure(
        SECRET_KEY=SECRET,
        USE_TZ=True,
        TIME_ZONE="America/New_York",
        ALLOWED_HOSTS=["*"],
        ROOT_URLCONF="issue_urls",
        DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
        INSTALLED_APPS=[
            "django.contrib.auth",
            "django.contrib.contenttypes",
            "django.contrib.sessions",
            "oauth2_provider",
        ],
        MIDDLEWARE=[
            "django.contrib.sessions.middleware.SessionMiddleware",
            "django.contrib.auth.middleware.AuthenticationMiddleware",
        ],
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True}],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.postgresql",
                "NAME": url.path.lstrip("/"),
                "USER": url.username,
                "PASSWORD": url.password or "",
                "HOST": url.hostname,
                "PORT": url.port,
            }
        },
        OAUTH2_PROVIDER={"REFRESH_TOKEN_EXPIRE_SECONDS": 3600, "PKCE_REQUIRED": True},
    )
    django.setup()
    from django.urls import include, path  # noqa: PLC0415 - not before setup()

    vars(urls)["urlpatterns"] = [path("o/", include("oauth2_provider.urls", namespace="oauth2_provider"))]


class Shop:
    """A user, a public client and a service, and the endpoints that they talk to."""

    def __init__(self) -> None:
        from django.contrib.auth.models import User  # noqa: PLC0415 - not before setup()
        from django.test import Client  # noqa: PLC0415 - not before setup()
        from oauth2_provider.models import get_application_model  # noqa: PLC0415 - not before setup()

        applications = get_application_model().objects
        self.web = applications.create(
            name="web",
            client_type="public",
            authorization_grant_type="authorization-code",
            redirect_uris=f"{CALLBACK} http://localhost/cb",
            skip_authorization=True,
        ).client_id
        self.service = applications.create(
            name="service",
            client_type="confidential",
            authorization_grant_type="client-credentials",
            client_secret=SECRET,
        ).client_id
        self.browser = Client()
        self.browser.force_login(User.objects.create_user("ada", password=SECRET))

    def post(self, path: str, **data: str) -> dict[str, str]:
        answer = self.browser.post(f"/o/{path}/", data)
        assert answer.status_code == 200, answer.content
        return json.loads(answer.content) if answer.content else {}

    def code(self) -> str:
        query = {
            "client_id": self.web,
            "response_type": "code",
            "redirect_uri": CALLBACK,
            "scope": "read",
            "code_challenge": CHALLENGE,
            "code_challenge_method": "S256",
        }
        answer = self.browser.get("/o/authorize/", query)
        assert answer.status_code == 302, answer.content
        return str(parse_qs(urlsplit(str(answer["Location"])).query)["code"][0])

    def exchange(self) -> dict[str, str]:
        return self.post(
            "token",
            grant_type="authorization_code",
            client_id=self.web,
            code=self.code(),
            redirect_uri=CALLBACK,
            code_verifier=VERIFIER,
        )


def issue(shop: Shop) -> None:
    """Exchange 5 codes, refresh one pair, revoke two, let two end; ask twice with client credentials."""
    from oauth2_provider.models import AccessToken, Grant  # noqa: PLC0415 - not before setup()

    tokens = [shop.exchange() for _ in range(5)]
    rotated = tokens[0]["refresh_token"]
    shop.post("token", grant_type="refresh_token", client_id=shop.web, refresh_token=rotated)
    shop.post("revoke_token", client_id=shop.web, token=tokens[1]["refresh_token"])
    shop.post("revoke_token", client_id=shop.web, token=tokens[2]["access_token"])
    for _ in range(2):
        shop.post("token", grant_type="client_credentials", client_id=shop.service, client_secret=SECRET)
    for _ in range(3):
        shop.code()
    # One access token ended ten minutes ago, so that its refresh token still lives; another two days ago.
    for pair, seconds in ((tokens[3], 36600), (tokens[4], 172800)):
        token = AccessToken.objects.get(token=pair["access_token"])
        token.expires -= timedelta(seconds=seconds)
        token.save()
    grant = Grant.objects.first()
    grant.expires -= timedelta(days=1)
    grant.save()


def report() -> dict[str, int]:
    """Return what the toolkit's own models say about each row."""
    from django.utils import timezone  # noqa: PLC0415 - not before setup()
    from oauth2_provider.models import AccessToken, Grant, RefreshToken, refresh_token_expire_timedelta  # noqa: PLC0415 - not before setup()

    found: Counter[str] = Counter()
    for token in AccessToken.objects.all():
        found[f"access {'expired' if token.is_expired() else 'active'}"] += 1
    for token in RefreshToken.objects.all():
        if token.revoked is not None:
            state = "revoked"
        elif token.access_token is None:
            state = "expired"
        else:
            end = token.access_token.expires + refresh_token_expire_timedelta()
            state = "expired" if end <= timezone.now() else "active"
        found[f"refresh {state}"] += 1
    for grant in Grant.objects.all():
        found[f"code {'expired' if grant.is_expired() else 'active'}"] += 1
    return dict(found)


if __name__ == "__main__":
    configure(sys.argv[1])
    call_command("migrate", verbosity=0)
    issue(Shop())
    print(json.dumps(report()))  # noqa: T201 - its answer to the test that runs it
