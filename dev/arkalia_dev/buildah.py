"""Images without a Docker engine: buildah, with a store of its own in the cache.

Every call has private mounts and a private /run, so neither a finished nor a killed build leaves a mount or
a lock behind, and other users of buildah on the machine are not touched.
"""

import platform
import shlex
import shutil
from dataclasses import dataclass
from pathlib import Path

from arkalia_dev.commands import MINUTE, Action, Call, Command, command
from arkalia_dev.errors import ImpossibleHereError
from arkalia_dev.files import fingerprint
from arkalia_dev.images import INPUTS_LABEL, Image
from arkalia_dev.namespace import privately
from arkalia_dev.run import attempt

BASE_PACKAGES = ("ca-certificates", "python3", "python3-venv")
UNNEEDED = ("usr/share/doc", "usr/share/man", "usr/share/locale", "usr/share/info", "var/log")
UNNEEDED_CONTENT = ("var/cache/apt", "var/lib/apt/lists", "tmp")
RUN_ROOT = "/run/buildah"
CERTIFICATES = Path("/etc/ssl/certs")
KEPT_PER_NAME = 4
"""Older builds of an image stay in the store for other checkouts, up to this number."""
KEPT_LAYERS = 96
"""Layers of stages between, which the next build starts from: one for each service and its checkout,
and those that all services share."""


@dataclass(frozen=True)
class Buildah:
    """buildah and its store."""

    cache: Path
    work: Path
    """A folder of this checkout's own, for the base system while it is made."""
    revision: str = "unknown"

    @property
    def _store(self) -> Path:
        return self.cache / "containers"

    def _script(
        self, line: str, *, cwd: Path | None = None, timeout: float = 15 * MINUTE
    ) -> Command:
        """*line* in a shell with private mounts, in which `$BUILDAH` is the program."""
        flags = f"--root {shlex.quote(str(self._store))} --runroot {RUN_ROOT}"
        program = f"buildah {flags} --storage-driver overlay"
        setup = f"mount -t tmpfs tmpfs /run && BUILDAH={shlex.quote(program)} && {line}"
        return command(*privately("sh", "-euc", setup), cwd=cwd, timeout=timeout)

    def _alone(self, line: str, *, cwd: Path | None = None) -> Command:
        """The script of *line* while no other checkout writes to the store."""
        lock = shlex.quote(str(self.cache / "containers.lock"))
        return self._script(f"exec 9>{lock} && flock --timeout 900 9 && {line}", cwd=cwd)

    def has(self, reference: str) -> bool:
        """Whether the store holds an image."""
        return self._store.exists() and bool(
            attempt(*self._script(f"$BUILDAH images --quiet {reference}").argv).stdout.strip()
        )

    # -- the base

    def base(self) -> str:
        """The reference of the base image: this system's own release, with Python."""
        facts = (*BASE_PACKAGES, *UNNEEDED, *UNNEEDED_CONTENT, platform.machine())
        return f"localhost/arkalia/python-base:{release()}-{fingerprint((), *facts)}"

    def base_actions(self) -> list[Action]:
        """What makes the base image: debootstrap takes the machine's own Debian mirror."""
        folder = self.work
        root = folder / "root"
        bootstrap = ("debootstrap", "--variant=minbase", f"--include={','.join(BASE_PACKAGES)}")
        add = f"C=$($BUILDAH from scratch) && $BUILDAH copy --quiet $C {shlex.quote(str(root))} /"
        commit = f"$BUILDAH commit --quiet $C {self.base()} && $BUILDAH rm $C"
        return [
            Call(f"empty the folder {folder}", lambda: _renew(folder)),
            command(*privately(*bootstrap, release(), root), timeout=15 * MINUTE),
            Call("remove its documentation, translations and caches", lambda: _thin(root)),
            self._alone(f"{add} && {commit}"),
            Call(f"remove {folder}", lambda: shutil.rmtree(folder)),
        ]

    # -- images

    def tag(self, image: Image) -> str:
        """The image's reference in the store, which several checkouts share."""
        repository = image.reference.rpartition(":")[0]
        return f"{repository}:{image.inputs(self.base())}"

    def is_built(self, image: Image) -> bool:
        """Whether the store holds what today's inputs make."""
        return self.has(self.tag(image))

    def build_actions(self, image: Image) -> list[Action]:
        """What builds *image*; the machine's certificates are lent to it, not put into it."""
        inputs = image.inputs(self.base())
        arguments = {"BASE": self.base(), "REVISION": self.revision, **image.arguments}
        words = [
            *("build", "--layers", "--isolation", "chroot", "--pull-never", "--format", "oci"),
            *(word for pair in arguments.items() for word in ("--build-arg", "=".join(pair))),
            *("--volume", f"{CERTIFICATES}:{CERTIFICATES}:ro", *_pip_settings()),
            *("--label", f"{INPUTS_LABEL}={inputs}", "--tag", self.tag(image)),
            *("--file", str(image.containerfile), str(image.context)),
        ]
        clean = "$BUILDAH rm --all >/dev/null || true"
        return [self._alone(f"{clean}; $BUILDAH {shlex.join(words)}", cwd=image.context)]

    def prune_actions(self) -> list[Action]:
        """Bound the store: the newest builds of each image stay, and the newest unfinished layers."""
        kept = f'($1 == "<none>" ? {KEPT_LAYERS} : {KEPT_PER_NAME})'
        old = f'++count[$1] > {kept} {{print $1 == "<none>" ? $3 : $1 ":" $2}}'
        return [
            self._alone(
                "$BUILDAH images --noheading --format '{{.Name}} {{.Tag}} {{.ID}}' "
                f"| awk {shlex.quote(old)} "
                "| while read -r image; do $BUILDAH rmi $image || true; done"
            )
        ]

    def export(self, images: list[Image], archive: Path) -> Command:
        """Write *images* under their own references into one archive that holds shared layers once."""
        layout = "/run/layout"
        # skopeo instead of `buildah push`, which compresses every layer again for each image.
        copy = "skopeo copy --quiet --dest-oci-accept-uncompressed-layers"
        store = f"containers-storage:[overlay@{self._store}+{RUN_ROOT}]"
        copies = " && ".join(
            shlex.join(
                (*copy.split(), f"{store}{self.tag(image)}", f"oci:{layout}:{image.reference}")
            )
            for image in images
        )
        return self._alone(f"{copies} && tar --create --file {archive} --directory {layout} .")


def _pip_settings() -> tuple[str, ...]:
    """The machine's own pip settings, where it has some: they may name the index to use."""
    file = Path("/etc/pip.conf")
    return ("--volume", f"{file}:{file}:ro") if file.exists() else ()


def release() -> str:
    """The code name of this machine's Debian or Ubuntu release.

    Raises:
        ImpossibleHereError: there is no such name.
    """
    for line in Path("/etc/os-release").read_text(encoding="utf-8").splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    message = "This machine's system names no release, so no base image can be made from it."
    raise ImpossibleHereError(
        message, "Start Docker and run the command again, or use Debian or Ubuntu."
    )


def _renew(folder: Path) -> None:
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)


def _thin(root: Path) -> None:
    for name in UNNEEDED:
        shutil.rmtree(root / name, ignore_errors=True)
    for name in UNNEEDED_CONTENT:
        for entry in (root / name).iterdir():
            shutil.rmtree(entry) if entry.is_dir() and not entry.is_symlink() else entry.unlink()


def revision(checkout: Path) -> str:
    """The commit that the checkout is at."""
    told = attempt("git", "-C", checkout, "rev-parse", "--short=12", "HEAD")
    return told.stdout.strip() or "unknown"
