"""Where kopf would keep what it handled last: nowhere.

Safe as long as there are only `on.event` handlers. kopf's own storages copy every object several
times for each event (measured: 80 % of its time), and write annotations.
"""

from __future__ import annotations

from typing import Any

import kopf


class NoDiffBase(kopf.DiffBaseStorage):
    """Nothing to compare with: there are no handlers for differences."""

    def build(self, *, body: kopf.Body, extra_fields: Any = None) -> kopf.BodyEssence:  # noqa: ARG002
        """Copy nothing."""
        return kopf.BodyEssence({})

    def fetch(self, *, body: kopf.Body) -> kopf.BodyEssence | None:  # noqa: ARG002
        """There is nothing."""
        return None

    def store(self, **_: Any) -> None:
        """Write nothing."""


class NoProgress(kopf.ProgressStorage):
    """No handler has a progress."""

    def fetch(self, **_: Any) -> kopf.ProgressRecord | None:
        """There is nothing."""
        return None

    def store(self, **_: Any) -> None:
        """Write nothing."""

    def purge(self, **_: Any) -> None:
        """Write nothing."""

    def touch(self, **_: Any) -> None:
        """Write nothing."""

    def clear(self, *, essence: kopf.BodyEssence) -> kopf.BodyEssence:
        """Copy nothing."""
        return essence
