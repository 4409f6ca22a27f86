"""How things are said: by evidence and by answers, in families that share no sentence."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from random import Random
from typing import Final

from arkalia_answers.worlds import COUNTS, MIB, STATES, Known

WORDS: Final = ("no", "1", "two", "three", "four", "five", "six", "seven", "eight", "nine")
Templates = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class Family:
    """One way of speaking. A state has its sentences for yes and, after `!`, for no."""

    evidence: Templates
    answers: Templates
    fillers: tuple[str, ...]
    prompts: tuple[str, ...]


FIT: Final = Family(
    evidence={
        "cpu": ("The CPU usage of {s} is {v}.", "{s}: CPU {v}"),
        "memory": ("{s} uses {v} of memory.", "{s}: memory {v}"),
        "latency": ("The p95 latency of {s} is {v}.", "{s}: p95 latency {v}"),
        "errors": ("The error rate of {s} is {v}.",),
        "requests": ("{s} serves {v} requests per second.",),
        "replicas": ("{s} has {v} replicas.", "{s}: replicas {v}"),
        "restarts": ("{s} had {v} restarts.", "{s}: restarts {v}"),
        "alerts": ("{s} has {v} alerts.", "{s}: alerts {v}"),
        "ready": ("{s} is ready.", "!{s} is not ready."),
        "enabled": ("Tracing of {s} is enabled.", "!Tracing of {s} is disabled."),
        "backup": ("The backup of {s} succeeded.", "!The backup of {s} failed."),
        "node": ("{s} runs on node {v}.",),
        "version": ("{s} has version {v}.", "{s}: version {v}"),
        "since": ("{s} runs since {v}.",),
    },
    answers={
        "cpu": ("{s} uses {v} of its CPU", "the CPU of {s} is at {v}"),
        "memory": ("{s} takes {v} of memory", "its memory usage is {v}"),
        "latency": ("the p95 latency of {s} is {v}", "{s} answers with a p95 latency of {v}"),
        "errors": ("the error rate of {s} is {v}", "{s} has an error rate of {v}"),
        "requests": ("{s} handles {v} requests per second",),
        "replicas": ("{s} runs {v} replicas", "there are {v} replicas of {s}"),
        "restarts": ("{s} had {v} restarts", "there were {v} restarts of {s}"),
        "alerts": ("there are {v} alerts for {s}",),
        "ready": ("{s} is ready", "{s} is up and ready", "!{s} is not ready", "!{s} isn't ready"),
        "enabled": ("tracing is enabled for {s}", "!tracing is disabled for {s}"),
        "backup": ("the last backup of {s} succeeded", "!the last backup of {s} failed"),
        "node": ("{s} runs on {v}", "{s} is on node {v}"),
        "version": ("{s} is at version {v}", "the version of {s} is {v}"),
        "since": ("{s} has been running since {v}",),
    },
    fillers=(
        "Here is what I found.",
        "Let me know if you need more.",
        "You may want to look at the dashboard.",
        "In short:",
        "Nothing else stands out.",
    ),
    prompts=("How is {s}?", "What is the state of {s}?", "Tell me about {s}, please."),
)
SECOND: Final = Family(
    evidence={
        "cpu": ("Measured processor utilisation for {s}: {v}", "{s} currently burns {v} CPU."),
        "memory": ("Resident memory, {s}: {v}", "{s} occupies {v} of RAM."),
        "latency": ("95th percentile response latency of {s}: {v}",),
        "errors": ("Of all calls to {s}, {v} ended with an error.", "error ratio {s} = {v}"),
        "requests": ("Throughput of {s}: {v} req/s",),
        "replicas": ("{s} is scaled to {v} replicas.", "Deployment {s}, replicas: {v}"),
        "restarts": ("Containers of {s} restarted {v} times.", "restart count {s}: {v}"),
        "alerts": ("Open alerts on {s}: {v}",),
        "ready": ("Condition Ready of {s}: True", "!Condition Ready of {s}: False"),
        "enabled": ("{s} has tracing enabled: true", "!{s} has tracing enabled: false"),
        "backup": ("Last night's backup for {s} completed.", "!{s} backup: incomplete."),
        "node": ("Pod of {s} is scheduled to machine {v}.",),
        "version": ("Image tag deployed for {s}: {v}",),
        "since": ("Start of {s}: {v}",),
    },
    answers={
        "cpu": ("processor load on {s} stands at {v}", "{s} is consuming {v} of the CPU"),
        "memory": ("{s} currently holds {v} of RAM", "memory consumption sits at {v} for {s}"),
        "latency": (
            "95 % of calls to {s} see a latency up to {v}",
            "for {s} the 95th percentile latency comes to {v}",
        ),
        "errors": ("roughly, errors on {s} make up {v}", "{s} shows {v} errors"),
        "requests": ("traffic to {s} amounts to {v} req/s",),
        "replicas": ("{s} is spread over {v} replicas", "I count {v} replicas for {s}"),
        "restarts": ("{s} restarted {v} times", "I see {v} restarts on {s}"),
        "alerts": ("for {s} I see {v} open alerts",),
        "ready": (
            "{s} reports ready",
            "as far as readiness goes, {s} is ready",
            "!{s} is unready",
            "!{s} does not report ready",
        ),
        "enabled": ("{s} sends traces: tracing is enabled", "!tracing on {s} is not enabled"),
        "backup": ("the backup of {s} was successful", "!{s} has an unsuccessful backup"),
        "node": ("you will find {s} on {v}", "{v} hosts {s}"),
        "version": ("{s} was deployed as {v}", "release {v} of {s} is live"),
        "since": ("{s} came up on {v}", "{v} is when {s} started"),
    },
    fillers=(
        "Sure, I looked at the latest numbers.",
        "Happy to dig deeper.",
        "As usual, trends matter more than single readings.",
        "Summary follows.",
        "That is the whole picture so far.",
        "Consider setting a budget.",
    ),
    prompts=("What's going on with {s}?", "Give me a quick summary of {s}.", "{s} status?"),
)


THIRD: Final = Family(
    evidence={
        "cpu": ("{s} CPU utilization: {v}", "On average {s} needs {v} of a CPU."),
        "memory": ("Memory footprint for {s} measured at {v}",),
        "latency": ("{s} answers 95 % of requests within {v}.",),
        "errors": ("Failed requests of {s}: {v}",),
        "requests": ("{s} receives {v} requests per second on average.",),
        "replicas": ("Desired replicas of {s}: {v}",),
        "restarts": ("{s} was restarted {v} times.",),
        "alerts": ("Firing alerts, {s}: {v}",),
        "ready": (
            "{s} passes its readiness probe and is ready.",
            "!{s} fails its readiness probe and is not ready.",
        ),
        "enabled": ("For {s}, tracing is active.", "!For {s}, tracing is inactive."),
        "backup": ("Backup job of {s}: succeeded", "!Backup job of {s}: failed"),
        "node": ("{s} was placed on node {v}.",),
        "version": ("Running version of {s} is {v}.",),
        "since": ("{s} was last started on {v}.",),
    },
    answers={
        "cpu": ("{s} needs {v} of its processor", "CPU-wise {s} is at {v}"),
        "memory": ("the memory footprint of {s} is {v}", "{s} needs {v} of RAM"),
        "latency": (
            "p95 of {s} is {v}",
            "requests to {s} take {v} at the 95th percentile",
        ),
        "errors": ("{v} of the requests to {s} fail", "the failure rate for {s} is {v}"),
        "requests": (
            "{s} gets {v} requests per second",
            "the load on {s} is {v} requests per second",
        ),
        "replicas": ("{s} has {v} copies", "{v} replicas of {s} exist"),
        "restarts": ("{s} has seen {v} restarts so far", "so far {s} restarted {v} times"),
        "alerts": ("{v} alerts fire for {s}", "{s} has {v} firing alerts"),
        "ready": (
            "{s} is ready to serve",
            "{s} is ready",
            "!{s} is currently not ready",
            "!{s} is not yet ready",
        ),
        "enabled": (
            "{s} has active tracing",
            "!tracing of {s} is switched off",
            "!{s} has no active tracing",
        ),
        "backup": ("{s} was backed up successfully", "!the backup job of {s} has failed"),
        "node": ("{s} sits on {v}", "{v} is the node of {s}"),
        "version": ("{s} runs version {v}", "{v} is the version of {s}"),
        "since": ("{s} has been up since {v}", "{s} was started on {v}"),
    },
    fillers=(
        "I checked the current state.",
        "All values are from the last scrape.",
        "If something looks odd, open the runbook.",
        "Overview:",
        "This should answer your question.",
    ),
    prompts=("Is {s} OK?", "What do we know about {s}?", "Report on {s}."),
)


def sentence(random: Random, templates: Templates, each: Known, subject: str) -> str:
    """*each* in words, with *subject* as the name of its module."""
    able = templates[each.attribute]
    if each.attribute in STATES:
        able = tuple(one for one in able if one.startswith("!") is not each.value)
    chosen = random.choice(able).removeprefix("!")
    return chosen.format(s=subject, v=written(random, each))


def written(random: Random, each: Known) -> str:
    """The value of *each*, in one of the ways in which it can be written."""
    value = each.value
    if isinstance(value, bool):
        return ""
    if isinstance(value, str):
        return _day(random, value) if each.attribute == "since" else value
    number = float(value)
    if each.attribute in COUNTS:
        whole = int(number)
        return WORDS[whole] if whole < len(WORDS) and random.random() < 0.4 else str(whole)
    ways = {
        "cpu": (f"{number:.0%}", f"{100 * number:.0f} %", f"{100 * number:.0f} percent"),
        "memory": (f"{number / MIB:.0f} MiB", f"{number / MIB / 1024:.2f} GiB"),
        "latency": (f"{1000 * number:.0f} ms", f"{number:.3f} s", f"{1000 * number:.0f}ms"),
        "errors": (f"{100 * number:.1f} %", f"{100 * number:.1f}%"),
        "requests": (f"{number:.0f}", f"{number:,.0f}"),
    }
    return random.choice(ways[each.attribute])


def _day(random: Random, iso: str) -> str:
    day = date.fromisoformat(iso)
    spelled = f"{day.day} {day:%B} {day.year}"
    return random.choice((iso, spelled, f"{day:%B} {day.day}, {day.year}"))
