"""Where everything lies: the checkout, its cluster's state, and the cache that all checkouts share.

State is what `down` removes; the cache is what makes the next `up` fast. Both follow the XDG base
directories, so neither is ever inside the checkout.
"""

import hashlib
import os
import re
from dataclasses import dataclass
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
ID_DIGITS = 6


@dataclass(frozen=True)
class Paths:
    """All folders and files of one checkout's cluster."""

    checkout: Path
    states: Path
    """One folder per cluster, and what clusters share: the lock and the recorded kernel settings."""
    cache: Path

    @property
    def key(self) -> str:
        """Six hex digits that tell this checkout from every other one of the same user."""
        return hashlib.sha256(str(self.checkout).encode()).hexdigest()[:ID_DIGITS]

    @property
    def id(self) -> str:
        """The cluster's name: the checkout's folder and its key."""
        slug = re.sub(r"[^a-z0-9]+", "-", self.checkout.name.lower()).strip("-")[:20] or "checkout"
        return f"{slug}-{self.key}"

    @property
    def state(self) -> Path:
        """Everything of this cluster; `down` removes it."""
        return self.states / self.id

    @property
    def lock(self) -> Path:
        """Held while a command changes the cluster; beside the state, because `down` removes that."""
        return self.states / f"{self.id}.lock"

    @property
    def pki(self) -> Path:
        """Certificates and keys."""
        return self.state / "pki"

    @property
    def logs(self) -> Path:
        """Logs of the components, of the steps, and the audit log."""
        return self.state / "logs"

    @property
    def kubeconfig(self) -> Path:
        """The administrator's kubeconfig."""
        return self.state / "kubeconfig"

    @property
    def record(self) -> Path:
        """The cluster's provider and address: written first, removed last."""
        return self.state / "cluster.json"

    @property
    def dev(self) -> Path:
        """This project's folder dev."""
        return self.checkout / "dev"

    def make(self) -> None:
        """Create the folders; the state holds keys, so only its owner may read it."""
        for folder in (self.states, self.state, self.pki, self.logs):
            folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            folder.chmod(0o700)
        self.cache.mkdir(parents=True, exist_ok=True)


def default_paths(checkout: Path = CHECKOUT) -> Paths:
    """The paths of *checkout* for the user who runs this."""
    home = Path.home()
    state = Path(os.environ.get("XDG_STATE_HOME") or home / ".local" / "state")
    cache = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return Paths(checkout, state / "arkalia", cache / "arkalia")
