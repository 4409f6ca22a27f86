"""`arkalia report`: everything about a system in one file, to pass on to somebody who helps."""

from __future__ import annotations

import io
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Final

import typer

from arkalia_cli.errors import MistakeError
from arkalia_cli.options import Output, OutputOption, SystemArgument, Target, verb

OWNER_ONLY: Final = 0o600
LINES: Final = 1000

FileOption = Annotated[
    Path | None,
    typer.Option(
        "--file", "-f", help="Where to write it. By default arkalia-<system>-<time>.tar.gz here.",
        show_default=False,
    ),
]  # fmt: skip
TailOption = Annotated[int, typer.Option("--tail", min=0, help="Last lines of each container.")]


@verb
def report(
    target: Target,
    system: SystemArgument = None,
    file: FileOption = None,
    tail: TailOption = LINES,
    output: OutputOption = Output.TEXT,
) -> None:
    """Pack what helps to understand a system into a file, without what could be secret.

    Resources, status, events, logs, versions, and what `doctor` says. Of Secrets it holds the names
    alone; values that look like secrets are taken out everywhere else.
    """
    from arkalia_cli.cluster import gathering, systems
    from arkalia_cli.cluster.connection import connect
    from arkalia_cli.output import show
    from arkalia_cli.views import report as view

    if file and file.exists():  # to gather it all takes a while
        raise _unwritable(file, "File exists")
    cluster = connect(target.namespace, target.context, target.kubeconfig)
    body = systems.one(cluster, system)
    gathered = gathering.everything(cluster, body, tail)
    texts = view.texts(gathered)
    name = f"arkalia-{body['metadata']['name']}-{gathered.time.replace(':', '')}"
    path = file or Path(f"{name}.tar.gz")
    _write(path, name, texts)
    told = f"Wrote {len(texts)} files to {path}. Look through it before you pass it on."
    lines = [told, *(f"Left out: {each}" for each in gathered.left_out)]
    show(
        output,
        "\n".join(lines),
        {"file": str(path), "holds": sorted(texts), "leftOut": gathered.left_out},
    )


def _write(path: Path, folder: str, texts: Mapping[str, str]) -> None:
    """An archive that only its owner may read. Raises MistakeError."""
    import tarfile

    try:
        path.touch(mode=OWNER_ONLY, exist_ok=False)
        with tarfile.open(path, "w:gz") as archive:
            for name, text in texts.items():
                content = text.encode()
                member = tarfile.TarInfo(f"{folder}/{name}")
                member.size, member.mode = len(content), OWNER_ONLY
                archive.addfile(member, io.BytesIO(content))
    except OSError as error:
        raise _unwritable(path, str(error.strerror)) from error


def _unwritable(path: Path, why: str) -> MistakeError:
    return MistakeError(f"{path} cannot be written: {why}", "Name another file with `--file`.")
