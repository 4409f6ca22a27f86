"""`spec.images`: the full reference of a module's image."""

from __future__ import annotations

from arkalia_operator.api.images import Images
from arkalia_operator.api.resources import ArkaliaModule


def reference(module: ArkaliaModule, images: Images, version: str, registry: str) -> str:
    """The image of *module*; a digest wins over the tag.

    *version* is the tag and *registry* the host where nothing else names one.
    """
    repository = module.spec.image.repository
    host = images.registry or registry
    if host and not _names_a_host(repository):
        repository = f"{host}/{repository}"
    digest = images.digests.get(module.name)
    return (
        f"{repository}@{digest}" if digest else f"{repository}:{module.spec.image.tag or version}"
    )


def _names_a_host(repository: str) -> bool:
    """As container runtimes decide it: a dot, a port or `localhost` before the first slash."""
    host, slash, _ = repository.partition("/")
    return bool(slash) and ("." in host or ":" in host or host == "localhost")
