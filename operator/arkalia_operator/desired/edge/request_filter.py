"""What the request filter is told: ModSecurity with the OWASP core rule set, as text.

A body of a route with `freeText` is what people and models write to each other: code, SQL and HTML
are no attack there, and the module judges it itself. Files that are uploaded have the names that
people gave them. So the filter looks at everything else of such a request, and not at its body.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Final

from arkalia_contract import endpoints, files
from arkalia_operator.api.edge import RequestFilter
from arkalia_operator.desired.resolved import Resolution, ResolvedModule

RULES: Final = "/usr/share/modsecurity-crs/rules"
SETUP: Final = "/etc/modsecurity/crs/crs-setup.conf"
UNICODE: Final = "/etc/nginx/unicode.mapping"
ENGINES: Final = {"Detect": "DetectionOnly", "Block": "On"}
METHODS: Final = "GET HEAD POST OPTIONS PUT PATCH DELETE"
TYPES: Final = (
    "application/json",
    "application/cloudevents+json",
    "application/merge-patch+json",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "multipart/form-data",
    "text/plain",
)
"""Media types of bodies that the services of a system read."""
MATCH_LIMIT: Final = 100_000
"""Steps after which a pattern gives up: a text made for it would keep a core busy for minutes."""
DEPTH: Final = 64
BODY: Final = ("REQUEST_BODY", "FILES", "FILES_NAMES")
"""The body as it came, and in a form of several parts the names of files and of their fields."""
FIELDS: Final = ("ARGS", "ARGS_NAMES")
"""Where the fields of a form stand, beside those of the query."""
PHP: Final = "933000-933999"
"""No part of a system runs PHP, and a link in Markdown looks like a call of it."""
PLAIN: Final = re.compile(r"[A-Za-z0-9/_.~:{}*-]+")
"""Paths that can stand in a rule: a module of somebody else could write a rule of its own otherwise.
The body of any other path is looked at."""
SEGMENT: Final = re.compile(r"\{[^/{}]*\}|\*$")


@dataclass(frozen=True, slots=True)
class Filtered:
    """Everything that the filter is told of one system."""

    wanted: RequestFilter
    max_body_bytes: int
    free: tuple[str, ...]
    """Public paths whose bodies are free text, as patterns of regular expressions."""


def configuration(filtered: Filtered) -> str:
    """The whole `filter.conf`."""
    return "\n".join([*_engine(filtered), *_own_rules(filtered), *_rule_set(filtered.wanted), ""])


def free_paths(publisher: ResolvedModule, resolution: Resolution) -> tuple[str, ...]:
    """The public paths whose bodies are free text, of all modules but *publisher* itself.

    An alias that two modules want is among them if one of them says so: it is a text of either.
    """
    found = {
        pattern(path)
        for module in resolution.known
        if module.name != publisher.name
        for route in module.spec.routes
        if route.free_text
        for path in (f"{endpoints.PUBLISHED}/{module.name}{route.path}", *route.alias)
        if PLAIN.fullmatch(path)
    }
    return tuple(sorted(found))


def pattern(path: str) -> str:
    """A regular expression for exactly the paths of a route."""
    fixed, stand_ins = SEGMENT.split(path), SEGMENT.findall(path)
    written = (".*" if each == "*" else "[^/]+" for each in stand_ins)
    return "".join(
        part for pair in zip(map(re.escape, fixed), [*written, ""], strict=True) for part in pair
    )


def _engine(filtered: Filtered) -> Iterator[str]:
    yield f"SecRuleEngine {ENGINES[filtered.wanted.mode]}"
    yield "SecRequestBodyAccess On"
    # An answer would have to be held back until it is whole.
    yield "SecResponseBodyAccess Off"
    for name in ("SecRequestBodyLimit", "SecRequestBodyNoFilesLimit"):
        yield f"{name} {filtered.max_body_bytes + 1}"
    yield "SecRequestBodyLimitAction Reject"
    yield f"SecRequestBodyJsonDepthLimit {DEPTH}"
    for name in ("SecPcreMatchLimit", "SecPcreMatchLimitRecursion"):
        yield f"{name} {MATCH_LIMIT}"
    yield "SecAuditEngine Off"
    yield f"SecTmpDir {files.SCRATCH_FOLDER}"
    yield f"SecDataDir {files.SCRATCH_FOLDER}"
    yield f"SecUnicodeMapFile {UNICODE} 20127"


def _own_rules(filtered: Filtered) -> Iterator[str]:
    # Without requestBodyAccess no rule of the second phase would see the rest of the request either.
    if filtered.free:
        path = f"@rx ^(?:{'|'.join(filtered.free)})$"
        unread = f"setvar:tx.free_text=1,{_without(BODY)}"
        yield f'SecRule REQUEST_FILENAME "{path}" "id:100001,phase:1,t:none,pass,nolog,{unread}"'
        # Ollama's examples call their JSON a form: it is the same free text.
        is_form = "@rx ^(?:application/x-www-form-urlencoded|multipart/form-data)"
        form = "id:100005,phase:1,t:none,t:lowercase,pass,nolog,chain"
        yield f'SecRule REQUEST_HEADERS:Content-Type "{is_form}" "{form}"'
        yield 'SecRule TX:free_text "@eq 1" "t:none,chain"'
        yield f'SecRule &ARGS_GET "@eq 0" "t:none,{_without(FIELDS)}"'
    is_json = r"@rx ^application/(?:[a-z0-9.-]+\+)?json"
    read = "id:100002,phase:1,t:none,t:lowercase,pass,nolog,chain"
    yield f'SecRule REQUEST_HEADERS:Content-Type "{is_json}" "{read}"'
    yield 'SecRule &TX:free_text "@eq 0" "t:none,ctl:requestBodyProcessor=JSON"'
    # What the filter cannot read, the module may read otherwise.
    refuse = "t:none,log,deny,status:400,msg:'The body cannot be read'"
    yield f'SecRule REQBODY_ERROR "!@eq 0" "id:100003,phase:2,{refuse}"'


def _without(variables: Iterable[str]) -> str:
    """Let no rule of the rule set look at *variables*."""
    return ",".join(f"ctl:ruleRemoveTargetByTag=OWASP_CRS;{each}" for each in variables)


def _rule_set(wanted: RequestFilter) -> Iterator[str]:
    types = " ".join(f"|{each}|" for each in TYPES)
    settings = (
        f"setvar:tx.paranoia_level={wanted.paranoia_level}",
        f"setvar:'tx.allowed_methods={METHODS}'",
        f"setvar:'tx.allowed_request_content_type={types}'",
    )
    yield f"Include {SETUP}"
    yield f'SecAction "id:100004,phase:1,t:none,pass,nolog,{",".join(settings)}"'
    yield f"Include {RULES}/REQUEST-*.conf"
    for rules in (PHP, *sorted(wanted.disabled_rules)):
        yield f"SecRuleRemoveById {rules}"
