"""A typical system: ten modules of the real size, none of which waits for data; about 80 children."""

from __future__ import annotations

from typing import Any, Final

from arkalia_operator import catalogue
from arkalia_operator.api import API_VERSION

MODULES: Final = tuple(f"bench-{number}" for number in range(10))
LEFT_OUT: Final = ("needs", "calls", "events", "migrations", "control")
"""Of the description: what needs data services or other modules."""


def descriptions(namespace: str) -> list[dict[str, Any]]:
    """Ten ArkaliaModules: what helloria is, under ten names, two pods each."""
    _, builtin = max(catalogue.load().items())
    spec = builtin["helloria"].spec.model_dump(mode="json", by_alias=True, exclude_unset=True)
    kept = {name: value for name, value in spec.items() if name not in LEFT_OUT}
    kept["scaling"] = {"minReplicas": 2, "maxReplicas": 4}
    kept["image"] = {"repository": "images.example.com/bench", "tag": "1"}
    return [
        {
            "apiVersion": API_VERSION,
            "kind": "ArkaliaModule",
            "metadata": {"namespace": namespace, "name": name},
            "spec": kept,
        }
        for name in MODULES
    ]


def system(namespace: str, name: str) -> dict[str, Any]:
    """An ArkaliaSystem of these ten modules, and of no built-in one."""
    _, builtin = max(catalogue.load().items())
    modules = {each: {"enabled": False} for each in builtin} | {each: {} for each in MODULES}
    return {
        "apiVersion": API_VERSION,
        "kind": "ArkaliaSystem",
        "metadata": {"namespace": namespace, "name": name},
        "spec": {"modules": modules},
    }
