"""Bringing built images to the cluster, and the new code into the pods that run the old one.

What was loaded is written down after the pods were restarted, so an interrupt in between is made good by the
next run.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arkalia_dev.commands import Action, Call
from arkalia_dev.files import read_json, write_json
from arkalia_dev.images import Image
from arkalia_dev.kubectl import Kubectl
from arkalia_dev.run import perform

ROLLED = ("deployment", "statefulset")


@dataclass(frozen=True)
class Loading:
    """The images of one cluster."""

    record: Path
    """Reference → inputs of what the cluster has."""
    images: list[Image]
    inputs: Callable[[Image], str]
    load: Callable[[list[Image]], list[Action]]
    kubectl: Kubectl
    present: Callable[[], set[str]] | None
    """References that the cluster holds, where it can be asked."""

    def changed(self) -> list[Image]:
        """Those that the cluster has in another version, or not at all."""
        known = read_json(self.record) or {}
        present = self.present() if self.present and known else set(known)
        return [
            image
            for image in self.images
            if image.reference not in present or known.get(image.reference) != self.inputs(image)
        ]

    def is_done(self) -> bool:
        """Whether the cluster has every image as it is built now."""
        return not self.changed()

    def actions(self) -> list[Action]:
        """Load what changed, restart what runs it, write it down."""
        changed = self.changed()
        names = ", ".join(image.name for image in changed)
        return [
            *self.load(changed),
            Call(
                f"kubectl rollout restart every Deployment and StatefulSet that runs {names}",
                lambda: self._restart(changed),
            ),
            Call(f"write {self.record}", lambda: self._write(changed)),
        ]

    def _write(self, changed: list[Image]) -> None:
        loaded = {image.reference: self.inputs(image) for image in changed}
        write_json(self.record, {**(read_json(self.record) or {}), **loaded})

    def _restart(self, changed: list[Image]) -> None:
        references = {image.reference for image in changed}
        for kind in ROLLED:
            listed = self.kubectl.get(kind, "--all-namespaces") or {"items": []}
            for item in users(listed["items"], references):
                words = ("rollout", "restart", f"{kind}/{item['name']}")
                space = f"--namespace={item['namespace']}"
                perform(self.kubectl.command(*words, space), self.record.with_name("restarts.log"))


def users(items: list[dict[str, Any]], references: set[str]) -> list[dict[str, str]]:
    """Metadata of those *items* of which a container runs one of *references*."""
    return [
        item["metadata"]
        for item in items
        if references & {x["image"] for x in item["spec"]["template"]["spec"]["containers"]}
    ]
