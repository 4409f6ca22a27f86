"""A certificate of the name by which a system is asked outside, as its owner brings it."""

from __future__ import annotations

import base64
import subprocess
from pathlib import Path
from typing import Final

from cluster.kube import Body

DAYS: Final = 60


def new(folder: Path, host: str) -> tuple[dict[str, str], str]:
    """A new one for *host*: the data of its Secret, and the PEM to trust it by."""
    key, shown = folder / "tls.key", folder / "tls.crt"
    made = ["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    who = ["-subj", f"/CN={host}", "-addext", f"subjectAltName=DNS:{host}", "-days", str(DAYS)]
    subprocess.run(
        ["openssl", *made, *who, "-keyout", str(key), "-out", str(shown)],
        check=True,
        capture_output=True,
        timeout=60,
    )
    data = {each.name: base64.b64encode(each.read_bytes()).decode() for each in (key, shown)}
    return data, shown.read_text()


def secret(namespace: str, name: str, data: dict[str, str]) -> Body:
    """The Secret that holds it."""
    head = {"name": name, "namespace": namespace}
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "type": "kubernetes.io/tls",
        "metadata": head,
        "data": data,
    }
