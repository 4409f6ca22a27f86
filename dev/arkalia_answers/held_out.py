"""The family that nothing was fitted to or tuned by: it was written when the checks were done.

Who changes a check because of what is found here has to write another one.
"""

from __future__ import annotations

from typing import Final

from arkalia_answers.phrasings import Family
from arkalia_answers.worlds import Names

NAMES: Final = Names(
    "eu",
    ("orders", "shipping", "pricing", "fraud", "profile", "session", "feed", "tickets", "wallet"),
    ("kube-01", "kube-02", "kube-09", "metal-a7", "metal-b2"),
    ("eu-returns", "eu-coupons", "eu-loans", "eu-banners"),
)
FAMILY: Final = Family(
    evidence={
        "cpu": ("{s} sits at {v} CPU.", "CPU of {s} over the last five minutes: {v}"),
        "memory": ("The working set of {s} is {v}.", "{s} memory = {v}"),
        "latency": ("p95 latency, {s}: {v}", "Latency of {s} at p95 was {v}."),
        "errors": ("{v} of the answers of {s} were errors.", "{s} error share: {v}"),
        "requests": ("{s} took {v} requests per second.",),
        "replicas": ("{v} replicas of {s} are wanted.", "{s}, wanted replicas: {v}"),
        "restarts": ("Restarts of {s}: {v}",),
        "alerts": ("Alerts that fire for {s}: {v}",),
        "ready": ("{s} is ready.", "!{s} isn't ready."),
        "enabled": ("Tracing: enabled for {s}", "!Tracing: disabled for {s}"),
        "backup": ("The nightly backup of {s} succeeded.", "!The nightly backup of {s} failed."),
        "node": ("{s} is on node {v}.",),
        "version": ("{s} is deployed in version {v}.",),
        "since": ("{s} has been running since {v}.",),
    },
    answers={
        "cpu": (
            "{s} is using about {v} of its CPU budget",
            "the processors of {s} are {v} busy",
            "we see {v} CPU on {s}",
        ),
        "memory": (
            "{s} has {v} of memory in use",
            "{s} is sitting on {v} of RAM",
            "it looks like {s} keeps {v} in memory",
        ),
        "latency": (
            "the slowest five percent aside, {s} responds within {v}",
            "{s} has a p95 of {v}",
            "p95 latency for {s} came out at {v}",
        ),
        "errors": (
            "{s} is failing {v} of the time",
            "errors: {v} on {s}",
            "{v} of what {s} answers are errors",
        ),
        "requests": (
            "{s} is taking {v} requests per second",
            "{v} requests per second reach {s}",
        ),
        "replicas": (
            "{s} should have {v} replicas",
            "{v} instances of {s} are configured",
        ),
        "restarts": (
            "we counted {v} restarts of {s}",
            "{s} went through {v} restarts",
        ),
        "alerts": ("{v} alerts are firing on {s}", "{s} currently raises {v} alerts"),
        "ready": (
            "{s} is ready for traffic",
            "{s} looks ready",
            "!{s} is not ready for traffic",
            "!readiness: {s} is still not ready",
        ),
        "enabled": (
            "tracing is on for {s}",
            "{s} is traced, as tracing is enabled",
            "!tracing is not enabled on {s}",
            "!{s} is untraced because tracing is disabled",
        ),
        "backup": (
            "last night {s} was backed up with success, the backup succeeded",
            "the backup for {s} completed",
            "!the backup for {s} did not complete",
            "!unfortunately the backup of {s} failed",
        ),
        "node": ("{s} lives on {v}", "{s} got scheduled onto {v}"),
        "version": ("{s} is on {v}", "the deployed version of {s} is {v}"),
        "since": ("{s} was last restarted on {v}", "{s} has run without a break since {v}"),
    },
    fillers=(
        "Good question.",
        "I had a look at the system for you.",
        "If you want me to compare this with last week, say so.",
        "Two things to keep in mind: load changes during the day, and caches need time.",
        "Hope this helps!",
        "Here's the gist:",
    ),
    prompts=(
        "Anything wrong with {s}?",
        "Can you check {s} for me?",
        "I need the numbers for {s}, quickly.",
    ),
)
