"""Images of one program each, written straight into an archive: no registry, no builder, no base system.

The node's own add-ons (pause, CoreDNS, metrics-server, local-path) are static programs. An image of one is
a layer with that file and a short configuration, in the format that `docker save` writes and containerd imports.
"""

import hashlib
import io
import json
import os
import tarfile
from dataclasses import dataclass
from pathlib import Path

ARCHITECTURES = {"x86_64": "amd64", "aarch64": "arm64"}


@dataclass(frozen=True)
class ProgramImage:
    """An image that holds one program, and links to it under other names."""

    reference: str
    program: Path
    place: str
    """Where the program lies in the image, without the leading slash."""
    links: tuple[str, ...] = ()
    """Further names, as busybox needs them."""
    entrypoint: tuple[str, ...] = ()


def write_archive(path: Path, images: tuple[ProgramImage, ...], machine: str) -> None:
    """Write *images* into the archive *path*; it appears when it is complete."""
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_name(f".{path.name}.{os.getpid()}.partial")
    with tarfile.open(partial, "w") as archive:
        rows = [_add_image(archive, image, machine) for image in images]
        _add(archive, "manifest.json", json.dumps(rows).encode())
    partial.replace(path)


def _add_image(archive: tarfile.TarFile, image: ProgramImage, machine: str) -> dict[str, object]:
    layer = _layer(image)
    digest = hashlib.sha256(layer).hexdigest()
    configuration = {
        "architecture": ARCHITECTURES.get(machine, machine),
        "os": "linux",
        "config": {"Entrypoint": list(image.entrypoint or (f"/{image.place}",)), "WorkingDir": "/"},
        "rootfs": {"type": "layers", "diff_ids": [f"sha256:{digest}"]},
    }
    content = json.dumps(configuration, sort_keys=True).encode()
    name = f"{hashlib.sha256(content).hexdigest()}.json"
    _add(archive, name, content)
    _add(archive, f"{digest}.tar", layer)
    return {"Config": name, "RepoTags": [image.reference], "Layers": [f"{digest}.tar"]}


def _layer(image: ProgramImage) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as layer:
        for parent in sorted({str(p) for p in Path(image.place).parents} - {"."} | {"tmp"}):
            folder = tarfile.TarInfo(parent)
            folder.type = tarfile.DIRTYPE
            folder.mode = 0o1777 if parent == "tmp" else 0o755
            layer.addfile(folder)
        _add(layer, image.place, image.program.read_bytes(), 0o755)
        for link in image.links:
            entry = tarfile.TarInfo(link)
            entry.type = tarfile.SYMTYPE
            entry.linkname = f"/{image.place}"
            layer.addfile(entry)
    return buffer.getvalue()


def _add(archive: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size = len(content)
    entry.mode = mode
    archive.addfile(entry, io.BytesIO(content))
