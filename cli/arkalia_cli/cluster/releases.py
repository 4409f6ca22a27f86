"""Which release of the chart an object is from: operators and CustomResourceDefinitions say it."""

from __future__ import annotations

from arkalia_cli.cluster.connection import Body
from arkalia_contract import labels


def release_of(body: Body) -> str:
    """The release that brought the object; empty where it does not say."""
    return str(body["metadata"].get("labels", {}).get(labels.VERSION, ""))
