"""Namespaces of stories: each has its own, and all of them enforce `restricted`."""

from __future__ import annotations

import re
import secrets
from typing import Final

from cluster.kinds import NAMESPACE, Ref
from cluster.kube import Body

STORY: Final = {"arkalia.io/story": "true"}
"""Label of all of them."""


def named(story: str) -> Ref:
    """A new namespace's address: one of that story's former run may still be ending."""
    words = re.sub(r"[^a-z0-9]+", "-", story.removeprefix("test_"))
    return Ref(NAMESPACE, "", f"story-{words}-{secrets.token_hex(2)}")


def restricted(ref: Ref) -> Body:
    """The namespace, which refuses every pod that does not pass `restricted`."""
    labels = {"pod-security.kubernetes.io/enforce": "restricted", **STORY}
    metadata = {"name": ref.name, "labels": labels}
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": metadata}
