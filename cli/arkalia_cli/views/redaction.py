"""Taking out of objects and texts what could be secret. What is in doubt goes.

Three things are looked at: what a field or variable is called, what a value looks like, and what kind
of object holds it. A Secret keeps its name and nothing else.
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

GONE: Final = "REDACTED"

SENSITIVE: Final = (
    r"(?:pass(?:word|wd|phrase|code)?|pwd|secret|token(?!s)|credential|authorization|cookie|dsn|"
    r"(?:api|access|private|signing|encryption|recovery|master|session)[-_.]?key)"
)
CALLED_SECRET: Final = re.compile(SENSITIVE, re.IGNORECASE)
REFERENCES: Final = frozenset({
    "secretName", "secretRef", "secretKeyRef", "imagePullSecrets", "passwordSecret", "apiKeySecret",
    "nodePublishSecretRef",
})  # fmt: skip
"""Fields that are called like a secret and hold the name of one."""
HISTORY: Final = ("kubectl.kubernetes.io/last-applied-configuration",)
"""Annotations that hold a whole object, as somebody once wrote it."""

PATTERNS: Final = (
    (re.compile(r"-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(?:-----END [A-Z ]*PRIVATE KEY-----|\Z)", re.DOTALL), GONE),
    (re.compile(r"\beyJ[\w-]{5,}\.[\w-]{5,}\.[\w-]*"), GONE),
    (re.compile(r"\b((?:bearer|basic)\s+)[\w.~+/=-]{6,}", re.IGNORECASE), rf"\1{GONE}"),
    (re.compile(r"(\b[a-z][\w+.-]*://[^\s:/@]*:)[^\s/@]+@", re.IGNORECASE), rf"\1{GONE}@"),
    (re.compile(r"\b(?:sk|pk|rk|ghp|gho|ghs|github_pat|glpat|xox[abprs]|hf)[-_][\w-]{10,}"), GONE),
    (re.compile(r"\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"), GONE),
    (
        re.compile(
            rf"""([\w.-]*{SENSITIVE}[\w.-]*\\?["']?\s*[=:]\s*)"""
            r"""(\\?"(?:[^"\\\n]|\\[^"])*\\?"|'[^'\n]*'|[^\s"',;&}\])]+)""",
            re.IGNORECASE,
        ),
        rf"\1{GONE}",
    ),
)  # fmt: skip
"""Texts that are secrets wherever they stand, and what is left of them."""

RANDOM: Final = re.compile(r"[A-Za-z0-9+/_=.-]{20,}")
LEAST_ENTROPY: Final = 3.5
"""Bits for each letter: words and paths have less, random letters more."""


def redacted(body: Mapping[str, Any]) -> dict[str, Any]:
    """The object *body* without what could be secret."""
    if body.get("kind") == "Secret":
        named = {
            key: body["metadata"][key] for key in ("name", "namespace") if key in body["metadata"]
        }
        return {"kind": "Secret", "metadata": named}
    return {key: _value(key, value) for key, value in body.items()}


def text(written: str) -> str:
    """*written* without what could be secret."""
    for pattern, left in PATTERNS:
        written = pattern.sub(left, written)
    return written


def looks_random(value: str) -> bool:
    """Whether *value* could be a key or a password that a machine made."""
    if not RANDOM.fullmatch(value) or not re.search(r"\d", value):
        return False
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares) >= LEAST_ENTROPY


def _value(key: str, value: Any) -> Any:
    if isinstance(value, Mapping):
        return _mapping(key, value)
    if isinstance(value, list):
        return [_value("" if isinstance(each, Mapping) else key, each) for each in value]
    if isinstance(value, str):
        return _string(key, value)
    return value


def _string(key: str, value: str) -> str:
    if CALLED_SECRET.search(key) and key not in REFERENCES:
        return GONE
    return text(value)


def _mapping(key: str, value: Mapping[str, Any]) -> dict[str, Any]:
    if key == "metadata":
        value = {name: each for name, each in value.items() if name != "managedFields"}
    if key == "annotations":
        value = {name: each for name, each in value.items() if name not in HISTORY}
    if key in {"env", "config"}:
        return {name: _variable(name, each) for name, each in value.items()}
    if isinstance(value.get("name"), str) and isinstance(value.get("value"), str):
        return {**value, "value": _variable(value["name"], value["value"])}
    return {name: _value(name, each) for name, each in value.items()}


def _variable(name: str, value: Any) -> Any:
    """The value of a variable: it may be random, which nothing else in an object is asked for."""
    left = _value(name, value)
    return GONE if isinstance(left, str) and looks_random(left) else left
