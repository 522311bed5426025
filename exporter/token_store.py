"""Owns which profile describes the token store of a database: the user's choice, or recognition; pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

from exporter.engines import Engine
from exporter.model import Family, MetricType, Sample
from exporter.override import Overrides, merge
from exporter.profile import Profile
from exporter.recognise import facts_from, facts_sql, fitted, recognise


@dataclass(frozen=True)  # without slots: it keeps its candidates
class Choice:
    """What may be in a target's databases: candidates by name, and the user's changes to the one named.

    With several candidates (`auto`) the user changes nothing but the schema to look in.
    """

    profiles: Mapping[str, Profile] = field(default_factory=dict)
    overrides: Overrides = field(default_factory=Overrides)
    lifetimes: Mapping[str, float] = field(default_factory=dict)  # the longest of a kind, in seconds
    engine: Engine = Engine.POSTGRESQL

    @property
    def is_named(self) -> bool:
        """Whether the user said which profile it is."""
        return len(self.profiles) == 1

    def placed(self, schema: str) -> Profile:
        """Return the named profile with the user's changes; its tables in `schema` if not elsewhere."""
        [profile] = self.profiles.values()
        return merge(profile, replace(self.overrides, schema=self.overrides.schema or schema))

    @cached_property
    def facts_sql(self) -> str:
        """Return the query whose rows `find` judges; it reads the catalogue only."""
        return facts_sql(self._candidates.values(), self.engine)

    def find(self, rows: Iterable[Sequence[object]]) -> TokenStore:
        """Return the store that the rows of `facts_sql` describe."""
        facts = facts_from(rows)
        found = recognise(tuple(self._candidates.values()), facts, self.overrides.schema)
        if found.profile is None:
            return TokenStore(None, "", found.report)
        original = self.profiles[found.profile.name]
        # Tables that have their schema already were looked for there, and nowhere else.
        schema = found.schema or self.overrides.schema
        profile, lacks = fitted(merge(original, replace(self.overrides, schema=schema)), facts)
        if lacks:
            return TokenStore(None, schema, f"{profile.name}: {'; '.join(lacks)}")
        return TokenStore(profile, schema, found.report, self.lifetimes)

    @cached_property
    def _candidates(self) -> Mapping[str, Profile]:
        """The profiles with the user's changes: 6 ms for all that ship, so not made at every look."""
        return {name: merge(profile, self.overrides) for name, profile in self.profiles.items()}


@dataclass(frozen=True, slots=True)
class TokenStore:
    """The store of one database: its profile with everything in place, or none; `report` says it in words."""

    profile: Profile | None
    schema: str
    report: str
    lifetimes: Mapping[str, float] = field(default_factory=dict)

    def families(self, target: str, database: str) -> tuple[Family, ...]:
        """Return what was recognised, and what the schema cannot show, for the page."""
        if self.profile is None:
            return ()
        place = (target, database)
        found = Sample((*place, self.profile.name, self.schema), 1)
        blind = tuple(Sample((*place, one.what, one.reason), 1) for one in self.profile.unobservable)
        names = ("target", "datname")
        return tuple(
            Family(name, MetricType.GAUGE, text, (*names, *labels), samples)
            for name, text, labels, samples in (
                ("oauth2_profile_info", _PROFILE, ("profile", "schema"), (found,)),
                ("oauth2_unobservable_info", _BLIND, ("what", "reason"), blind),
            )
            if samples
        )


_PROFILE = "The profile that describes the token store of the database."
_BLIND = "What the schema of the token store cannot show, and why."
