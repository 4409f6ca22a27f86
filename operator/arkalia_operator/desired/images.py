"""`spec.images`: the full reference of an image."""

from __future__ import annotations

from typing import Final

from arkalia_operator.api.images import Images
from arkalia_operator.api.llm import ModelServerImage
from arkalia_operator.api.resources import ArkaliaModule

PUBLIC: Final = "docker.io"
"""Where images of others are that no registry is named for."""


def reference(module: ArkaliaModule, images: Images, version: str, registry: str) -> str:
    """The image of *module*; a digest wins over the tag.

    *version* is the tag and *registry* the host where nothing else names one.
    """
    image = module.spec.image
    found = images.digests.get(module.name)
    named = _with_host(image.repository, images, registry)
    return f"{named}@{found}" if found else f"{named}:{image.tag or version}"


def of_part(repository: str, images: Images, version: str, registry: str) -> str:
    """The image of a data service, the edge or the keeper of models; its digest is written by the name of the image."""
    found = images.digests.get(repository)
    named = _with_host(repository, images, registry)
    return f"{named}@{found}" if found else f"{named}:{version}"


def of_model_server(image: ModelServerImage, images: Images, name: str) -> str:
    """The image of the builtin model server, which is somebody else's; its digest is that of *name*."""
    found = images.digests.get(name)
    named = _with_host(image.repository, images, PUBLIC)
    return f"{named}@{found}" if found else f"{named}:{image.tag}"


def _with_host(repository: str, images: Images, registry: str) -> str:
    host = images.registry or registry
    return f"{host}/{repository}" if host and not _names_a_host(repository) else repository


def _names_a_host(repository: str) -> bool:
    """As container runtimes decide it: a dot, a port or `localhost` before the first slash."""
    host, slash, _ = repository.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")
