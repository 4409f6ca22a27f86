"""The verbs of `python3 -m arkalia_dev`.

Standard output carries only what a caller asked for (a path, variables, a dry run); everything
that tells how it goes is on standard error.
"""

import argparse
import shlex
import sys
from collections.abc import Callable, Sequence

from arkalia_dev import toolchain
from arkalia_dev.chart import SYSTEM, SYSTEM_NAMESPACE
from arkalia_dev.console import Console
from arkalia_dev.development import Development
from arkalia_dev.errors import DevError
from arkalia_dev.locks import locked
from arkalia_dev.plan import Run, Step, describe
from arkalia_dev.status import report

INTERRUPTED = 130
NEXT_STEPS = f"""
The system {SYSTEM} is ready in the namespace {SYSTEM_NAMESPACE}.

  eval "$(PYTHONPATH=dev python3 -m arkalia_dev env)"    in your shell: KUBECONFIG and PATH
  kubectl get arkaliasystem --all-namespaces             how it is
  docs/getting-started.md                                install `arkalia`, and why it is so
  docs/how-to/chat-with-a-model.md                       get a key, and talk to it
  kubectl explain arkaliasystem.spec                     what can be said
  make images                                            after a change of the code
  make down                                              stop everything
"""
PURPOSES = ("check", "cluster", "kind")


def main(words: Sequence[str]) -> int:
    """Run one verb; return the exit code."""
    options = parser().parse_args(words)
    try:
        return int(options.verb(Development(options.provider), options) or 0)
    except DevError as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nInterrupted. The same command continues where this one ended.", file=sys.stderr)
        return INTERRUPTED


def parser() -> argparse.ArgumentParser:
    """Every verb with its options."""
    top = argparse.ArgumentParser(prog="arkalia_dev", description="Arkalia's development cluster.")
    top.set_defaults(provider=None)
    verbs = top.add_subparsers(required=True, metavar="VERB")
    for name, verb, told in (
        ("up", up, "start the cluster, install the operator and a first system"),
        ("cluster", cluster, "start the cluster only"),
        ("images", images, "build the images, and load them if the cluster is up"),
    ):
        one = _add(verbs, name, verb, told)
        one.add_argument("--dry-run", action="store_true", help="print the steps, do nothing")
        one.add_argument("--provider", choices=("kind", "node"), help="default: kind with Docker")
        if name == "images":
            one.add_argument("names", nargs="*", help="default: all")
    _add(verbs, "down", down, "stop the cluster and remove everything of it but the cache")
    _add(verbs, "status", status, "say how the cluster is; exit code 1 if it is not up")
    _add(verbs, "env", env, "print shell commands that set KUBECONFIG and PATH")
    _add(verbs, "bootstrap", bootstrap, "make uv available and print its path")
    _add(verbs, "enter", enter, "run a command (default: a shell) inside the node").add_argument(
        "words", nargs=argparse.REMAINDER
    )
    one = _add(verbs, "tools", tools, "build programs and print the folder that holds them")
    one.add_argument("--for", dest="purpose", choices=PURPOSES, default="cluster")
    one = _add(verbs, "crds", crds, "print the folder with another operator's definitions")
    one.add_argument("module", help="see dev/versions.toml")
    return top


Verb = Callable[[Development, argparse.Namespace], int | None]


def _add(
    verbs: "argparse._SubParsersAction[argparse.ArgumentParser]", name: str, verb: Verb, told: str
) -> argparse.ArgumentParser:
    one = verbs.add_parser(name, help=told, description=told)
    one.set_defaults(verb=verb)
    return one


def up(development: Development, options: argparse.Namespace) -> None:
    """Everything, then say what to do next."""
    _follow(development, development.up_steps(), options)
    if not options.dry_run:
        print(NEXT_STEPS, file=sys.stderr)


def cluster(development: Development, options: argparse.Namespace) -> None:
    """The cluster alone."""
    _follow(development, development.cluster_steps(), options)


def images(development: Development, options: argparse.Namespace) -> None:
    """Build, and load where a cluster runs."""
    _follow(development, development.image_steps(options.names), options)


def _follow(development: Development, steps: list[Step], options: argparse.Namespace) -> None:
    if options.dry_run:
        print(describe(steps))
        return
    _run(development, steps)


def _run_if_needed(development: Development, steps: list[Step]) -> None:
    """Say nothing, and wait for nobody, when nothing is left to do."""
    if not all(step.done() for step in steps):
        _run(development, steps)


def _run(development: Development, steps: list[Step]) -> None:
    """Run *steps* alone: two runs of one checkout would undo each other's work."""
    paths = development.paths
    with locked(paths.lock, f"Another command works on the cluster of {paths.checkout}."):
        paths.make()
        Run(steps, Console(len(steps)), paths.logs / "steps").to_end()


def down(development: Development, _: argparse.Namespace) -> None:
    """Remove the cluster; that there is none is no failure."""
    paths = development.paths
    with locked(paths.lock, f"Another command works on the cluster of {paths.checkout}."):
        development.down()
        paths.lock.unlink(missing_ok=True)
    told = f"The cluster of {paths.checkout} is gone. Built programs stay in {paths.cache}."
    print(told, file=sys.stderr)


def status(development: Development, _: argparse.Namespace) -> int:
    """Tell how it is; the exit code says whether the API server answers."""
    told = report(development)
    print(told.text)
    return 0 if told.is_up else 1


def env(development: Development, _: argparse.Namespace) -> None:
    """Print nothing but commands: a shell evaluates it."""
    development.require_cluster()
    for name, value in development.environment().items():
        print(f"export {name}={shlex.quote(value)}")
    print(f'export PATH={shlex.quote(str(development.binaries.path_folder()))}:"$PATH"')


def bootstrap(development: Development, _: argparse.Namespace) -> None:
    """Print the path of a uv that reads the lock file, and install one if there is none."""
    found = development.uv()
    if not found:
        _run(development, development.uv_steps())
        found = development.uv()
    if not found:
        message = "uv was installed but is too old for this project."
        raise DevError(message, f"Remove {toolchain.venv(development.paths.cache)} and run again.")
    print(found)


def tools(development: Development, options: argparse.Namespace) -> None:
    """Print the folder with the programs of one purpose."""
    _run_if_needed(development, development.tool_steps(options.purpose))
    print(development.binaries.path_folder())


def crds(development: Development, options: argparse.Namespace) -> None:
    """Print a folder that lies in Go's module cache."""
    _run_if_needed(development, development.compiler_steps())
    print(development.custom_resources(options.module))


def enter(development: Development, options: argparse.Namespace) -> int:
    """Run a command as if on the node."""
    return development.enter(options.words or ["bash"])
