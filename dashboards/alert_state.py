"""Owns the rows of the dashboard Alerts and SLO about what fires, and what is left of the budget."""

from __future__ import annotations

from dashboards.links import EXPORTER, HYGIENE, TARGET
from dashboards.model import (
    BLUE,
    GREEN,
    ORANGE,
    PLAIN,
    RED,
    Column,
    Graph,
    Link,
    Query,
    Row,
    Table,
    Tile,
    Timeline,
    falling,
    rising,
)
from dashboards.thresholds import limit

_TO_TARGET = Link(TARGET.uid, "Open the target", of_series=("target",))
_BUDGET = limit("PostgresAvailabilityBurnsFast", "critical", "budget")
_FAST = limit("PostgresAvailabilityBurnsFast", "critical", "fast")
_SLOW = limit("PostgresAvailabilityBurnsFast", "critical", "slow")
_BY = "severity, alertname, target, datname"
_NONE = "0 * max by (job, target) (pg_up)"


def _count(state: str, severity: str) -> Query:
    return Query(f'count(ALERTS{{alertstate="{state}",severity=~"{severity}"}}) or vector(0)')


def _failed(window: str) -> str:
    """Return the share of failed probes by target over a long time."""
    failed = f'sum by (job, target) (increase(pg_exporter_probes_total{{outcome="failed"}}[{window}]))'
    return f"({failed} or {_NONE}) / sum by (job, target) (increase(pg_exporter_probes_total[{window}]))"


def _burn(window: str) -> str:
    return f"(target:pg_probe_failures:ratio_rate{window} / {_BUDGET:g} or on (job, target) {_NONE})"


NOW = Row(
    "Does anything fire?",
    (
        Tile(
            title="Critical",
            width=3,
            height=4,
            what="Alerts of severity critical that fire: somebody was called.",
            good="0.",
            do="The table below says which; each has a runbook.",
            unit="short",
            empty="no answer",
            query=_count("firing", "critical"),
            steps=rising(red=1),
        ),
        Tile(
            title="Warnings",
            width=3,
            height=4,
            what="Alerts of severity warning that fire: a ticket for the day.",
            good="0.",
            do="The table below says which; each has a runbook.",
            unit="short",
            empty="no answer",
            query=_count("firing", "warning"),
            steps=rising(orange=1),
        ),
        Tile(
            title="Information",
            width=3,
            height=4,
            what="Alerts of severity info that fire: to be read, not to be acted on.",
            good="A few.",
            do="Read them once a day.",
            unit="short",
            empty="no answer",
            query=_count("firing", "info"),
            steps=PLAIN,
        ),
        Tile(
            title="Pending",
            width=3,
            height=4,
            what="Alerts whose condition holds, but not yet for long enough.",
            good="A few that come and go.",
            do="The table below says which, and for how long.",
            unit="short",
            empty="no answer",
            query=_count("pending", ".+"),
            steps=PLAIN,
        ),
        Tile(
            title="Security",
            width=3,
            height=4,
            what="Alerts for the security team that fire.",
            good="0.",
            do="Open Token hygiene.",
            unit="short",
            empty="no answer",
            query=Query('count(ALERTS{team="security",alertstate="firing"}) or vector(0)'),
            steps=rising(orange=1),
            links=(HYGIENE,),
        ),
        Tile(
            title="Watchdog",
            width=3,
            height=4,
            what="An alert that always fires, so that its absence tells: rules are evaluated.",
            good="on.",
            do="Without it no alert reaches anybody. Look whether Prometheus has loaded the rules.",
            unit="short",
            empty="no answer",
            query=Query(
                'clamp_max(count(ALERTS{job=~"$job|",alertname="PgOauthExporterWatchdog",alertstate="firing"}), 1)'
                " or vector(0)"
            ),
            steps=falling(red=1),
            words=((1, "on", GREEN), (0, "OFF", RED)),
            links=(EXPORTER,),
        ),
        Tile(
            title="Budget left",
            width=3,
            height=4,
            what="Share of the availability budget of 30 days that is left, of the worst target; of a younger exporter, of what it has seen.",
            good="Above what is left of the month. Below 0 the objective is missed.",
            do="The graphs of the budget say when it went.",
            unit="percentunit",
            empty="no probes yet",
            query=Query(f"1 - max({_failed('30d')}) / {_BUDGET:g}"),
            steps=falling(orange=0.25, red=0),
            decimals=0,
        ),
        Tile(
            title="Burn rate",
            width=3,
            height=4,
            what="How many times as fast as it may the budget went within the last hour, of the worst target. 1x lasts for 30 days.",
            good="0x; orange and red are the factors of PostgresAvailabilityBurnsFast.",
            do="Open the target: it did not answer the exporter.",
            unit="suffix:x",
            empty="no probes yet",
            query=Query(f"max({_burn('1h')})"),
            steps=rising(orange=_SLOW, red=_FAST),
            links=(TARGET,),
            decimals=1,
        ),
    ),
)


def _listed(title: str, state: str, what: str, good: str, empty: str) -> Table:
    chosen = f'ALERTS{{alertstate="{state}",severity!="none"}}'
    return Table(
        title=title,
        key=f"List of what is {state}",
        what=what,
        good=good,
        do="A click on the target opens it. The runbook of an alert is linked from its graph below.",
        empty=empty,
        width=12,
        height=9,
        by=(("severity", "Severity"), ("alertname", "Alert"), ("target", "Target"), ("datname", "Database")),
        widths=(("Severity", 85), ("Alert", 265)),
        sort="For",
        columns=(
            Column(
                "For",
                f"max by ({_BY}) (time() - ALERTS_FOR_STATE and ignoring (alertstate) {chosen})",
                "s",
                decimals=0,
                width=85,
            ),
        ),
        links=(_TO_TARGET,),
    )


LISTS = Row(
    "What is it, and for how long?",
    (
        _listed(
            "Firing",
            "firing",
            "Alerts that fire, and for how long their condition has held.",
            "Empty.",
            "nothing fires",
        ),
        _listed(
            "Pending",
            "pending",
            "Alerts whose condition holds, but not yet for as long as the rule asks for.",
            "Empty, or what comes and goes.",
            "nothing is pending",
        ),
        Timeline(
            title="Alerts over time",
            what="Each alert that was pending or fired within the time shown, whatever it is about.",
            good="Empty; short orange bars without red.",
            do="Look what happened where the first red bar begins.",
            unit="short",
            empty="nothing was pending, nothing fired",
            width=24,
            height=10,
            queries=(
                Query(
                    'max by (alertname) (2 * ALERTS{alertstate="firing",severity=~"critical|warning"})'
                    ' or max by (alertname) (ALERTS{alertstate="firing",severity="info"} - 1)'
                    ' or max by (alertname) (ALERTS{alertstate="pending"})',
                    "{{alertname}}",
                ),
            ),
            words=((2, "firing", RED), (1, "pending", ORANGE), (0, "information", BLUE)),
        ),
    ),
)

SLO = Row(
    "How much of the availability budget is left?",
    (
        Graph(
            title="Budget left (30 d)",
            what=f"Share of the budget of 30 days that is left: {_BUDGET:.1%} of the probes may fail. "
            "Of a younger exporter, of what it has seen.",
            good="Falls no faster than the month goes by.",
            do="A step down is an outage; it comes back 30 days later.",
            unit="percentunit",
            empty="no probes yet",
            width=8,
            height=9,
            least=None,
            most=1,
            queries=(Query(f"1 - max by (target) ({_failed('30d')}) / {_BUDGET:g}", "{{target}}"),),
            steps=falling(red=0),
            links=(_TO_TARGET,),
        ),
        Graph(
            title="Burn rate",
            key="Burn rate over time",
            what="How many times as fast as it may the budget goes, over an hour and over three days. 1x lasts for 30 days.",
            good="0x, or below 1x over days.",
            do=f"An hour above {_FAST:g}x is 2 % of the month: PostgresAvailabilityBurnsFast calls somebody.",
            unit="suffix:x",
            empty="no probes yet",
            width=8,
            height=9,
            queries=(
                Query(f"max by (target) ({_burn('1h')})", "{{target}} 1 h"),
                Query(f"max by (target) ({_burn('3d')})", "{{target}} 3 d", dashed=True),
            ),
            steps=((None, GREEN), (1, ORANGE), (_FAST, RED)),
            links=(_TO_TARGET,),
        ),
        Table(
            title="Availability of targets",
            what="Share of the probes, one every 15 s, that found the target up.",
            good=f"{1 - _BUDGET:.1%} or more.",
            do="Open the target.",
            empty="no probes yet",
            width=8,
            height=9,
            by=(("target", "Target"),),
            columns=tuple(
                Column(
                    title,
                    f"1 - max by (target) ({_failed(window)})",
                    "percentunit",
                    falling(red=1 - _BUDGET),
                    decimals=2,
                )
                for title, window in (("1 h", "1h"), ("24 h", "1d"), ("30 d", "30d"))
            ),
            links=(_TO_TARGET,),
        ),
    ),
)
