"""Owns expressions that many panels need: the largest few of many, over the time shown."""

from __future__ import annotations


def top_rates(count: int, labels: str, counter: str) -> str:
    """Return the rates of a counter by `labels`, of those that grew most over the time shown.

    A plain topk chooses anew at every step, so that a graph of five lines has twenty names.
    """
    rates = f"sum by ({labels}) (rate({counter}[$__rate_interval]))"
    return (
        f"{rates} and on ({labels}) topk({count}, sum by ({labels}) (increase({counter}[$__range] @ end())))"
    )


def top_values(count: int, labels: str, gauge: str) -> str:
    """Return a gauge by `labels`, of those that were largest at some time of the time shown."""
    highest = f"max by ({labels}) (max_over_time({gauge}[$__range] @ end()))"
    return f"max by ({labels}) ({gauge}) and on ({labels}) topk({count}, {highest})"
