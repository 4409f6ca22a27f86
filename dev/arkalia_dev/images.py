"""Which images there are, and what each is made of.

An image is built again when its inputs change: the Containerfile, the files that it copies and the base.
Nobody lists them: a service is a folder with a `module.yaml`, a data service one with a `Containerfile` of
its own, an example a folder with both. The demonstration model has its recipe beside its code.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from arkalia_dev.errors import DevError
from arkalia_dev.files import fingerprint

REGISTRY = "localhost/arkalia"
MODEL = "demonstration-model"
IGNORED = ("__pycache__", ".mypy_cache", ".ruff_cache", ".pytest_cache", ".venv")
INPUTS_LABEL = "arkalia.io/inputs"
COPY = re.compile(r"^\s*(?:COPY|ADD)\s+(.*)$", re.MULTILINE)
REPOSITORY = re.compile(r"^\s+repository:\s*(\S+)$", re.MULTILINE)
TAG = re.compile(r"^\s+tag:\s*[\"']?([^\s\"']+)", re.MULTILINE)


@dataclass(frozen=True)
class Image:
    """One image and the recipe for it."""

    name: str
    reference: str
    containerfile: Path
    context: Path
    arguments: dict[str, str] = field(default_factory=dict)

    def inputs(self, base: str) -> str:
        """Fingerprint of everything that decides what is in it."""
        files = sorted(self._files())
        names = "\n".join(str(file.relative_to(self.context)) for file in files)
        return fingerprint(files, names, base, self.reference, str(sorted(self.arguments.items())))

    def _files(self) -> Iterator[Path]:
        yield self.containerfile
        for source in copied(self.containerfile.read_text(encoding="utf-8"), self.arguments):
            for path in self.context.glob(source):
                found = path.rglob("*") if path.is_dir() else iter((path,))
                yield from (file for file in found if file.is_file() and not _is_ignored(file))


def _is_ignored(file: Path) -> bool:
    return any(part in IGNORED or part.endswith(".egg-info") for part in file.parts)


def copied(containerfile: str, arguments: dict[str, str]) -> list[str]:
    """What the COPY lines of *containerfile* take from the context, with `${NAME}` filled in."""
    sources: list[str] = []
    for line in COPY.findall(containerfile):
        words = line.split()
        if not any(word.startswith("--from") for word in words):
            sources += [word for word in words if not word.startswith("--")][:-1]
    for name, value in arguments.items():
        sources = [source.replace(f"${{{name}}}", value) for source in sources]
    return sources


def catalogue(checkout: Path, *, examples: bool = True) -> list[Image]:
    """Every image of the checkout: operator, services, data services; and what is for trying it out."""
    found = [_operator(checkout), *_services(checkout), *_data_services(checkout)]
    return [*found, _model(checkout), *_examples(checkout)] if examples else found


def chosen(images: list[Image], names: list[str]) -> list[Image]:
    """Those of *images* that are called *names*; all of them when there are no names.

    Raises:
        DevError: no image has one of the names.
    """
    unknown = set(names) - {image.name for image in images}
    if unknown:
        message = f"No such image: {', '.join(sorted(unknown))}"
        raise DevError(message, f"There are: {', '.join(image.name for image in images)}")
    return [image for image in images if not names or image.name in names]


def version(checkout: Path) -> str:
    """The project's version, which is the tag of its images."""
    text = (checkout / "operator" / "pyproject.toml").read_text(encoding="utf-8")
    return str(tomllib.loads(text)["project"]["version"])


def _operator(checkout: Path) -> Image:
    tag = version(checkout)
    recipe = checkout / "operator" / "Containerfile"
    return Image("operator", f"{REGISTRY}/operator:{tag}", recipe, checkout, {"VERSION": tag})


def _services(checkout: Path) -> Iterator[Image]:
    tag = version(checkout)
    recipe = checkout / "workloads" / "Containerfile"
    for description in sorted((checkout / "workloads").glob("*/module.yaml")):
        name = description.parent.name
        arguments = {"SERVICE": name, "VERSION": tag}
        yield Image(name, f"{REGISTRY}/{name}:{tag}", recipe, checkout, arguments)


def _data_services(checkout: Path) -> Iterator[Image]:
    tag = version(checkout)
    for recipe in sorted((checkout / "workloads").glob("*/Containerfile")):
        name = recipe.parent.name
        reference = f"{REGISTRY}/{name}:{tag}"
        yield Image(name, reference, recipe, recipe.parent, {"VERSION": tag})


def _model(checkout: Path) -> Image:
    tag = version(checkout)
    recipe = checkout / "dev" / "arkalia_model" / "Containerfile"
    return Image(MODEL, f"{REGISTRY}/{MODEL}:{tag}", recipe, checkout, {"VERSION": tag})


def _examples(checkout: Path) -> Iterator[Image]:
    for recipe in sorted((checkout / "docs" / "examples").glob("*/Containerfile")):
        description = (recipe.parent / "module.yaml").read_text(encoding="utf-8")
        repository, tag = REPOSITORY.search(description), TAG.search(description)
        if repository and tag:
            reference = f"{repository[1]}:{tag[1]}"
            yield Image(repository[1].split("/")[-1], reference, recipe, recipe.parent)
