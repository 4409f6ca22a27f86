"""What the command line writes: approvals in the user's own name, and the word to pause."""

from __future__ import annotations

from typing import Final

from arkalia_cli.api_paths import ACTION, GROUP, SYSTEM, VERSION
from arkalia_cli.cluster.connection import Body, Connection
from arkalia_cli.views.plan import Waiting

WHO_AM_I: Final = "/apis/authentication.k8s.io/v1/selfsubjectreviews"


def approve(cluster: Connection, waiting: Waiting, reason: str) -> Body:
    """Create the action that approves what waits; gives it. Raises CliError."""
    review = {"apiVersion": "authentication.k8s.io/v1", "kind": "SelfSubjectReview"}
    user = cluster.ask(WHO_AM_I, review)["status"]["userInfo"]["username"]
    spec = {
        "system": waiting.name,
        "kind": "ApprovePlan",
        "approvePlan": {"hash": waiting.hash},
        "approvedBy": user,
    }
    action = {
        "apiVersion": f"{GROUP}/{VERSION}",
        "kind": ACTION.name,
        "metadata": {"generateName": f"{waiting.name}-approve-", "namespace": waiting.namespace},
        "spec": {**spec, **({"reason": reason} if reason else {})},
    }
    return cluster.ask(ACTION.path(waiting.namespace), action)


def pause(cluster: Connection, system: Body, *, paused: bool) -> None:
    """Write `spec.changes.pause` of *system*. Raises CliError."""
    metadata = system["metadata"]
    path = SYSTEM.path(metadata["namespace"], metadata["name"])
    cluster.merge(path, {"spec": {"changes": {"pause": paused}}})
