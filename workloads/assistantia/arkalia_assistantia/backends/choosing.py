"""Which server is asked for which model, in which order: decided by what is known, without asking."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from arkalia_assistantia.backends.access import Access, Backend

LATEST: Final = ":latest"
"""What Ollama adds to a name without a tag."""

Offers = Mapping[str, Collection[str] | None]
"""By server: its models; None while nobody has been able to ask it."""


@dataclass(frozen=True)
class Choice:
    """A server, and what the model is called there."""

    backend: Backend
    model: str


def choices(access: Access, offers: Offers, wanted: str) -> list[Choice]:
    """Who can answer for the model *wanted*, the best first: by alias, then by the servers' order.

    An empty name stands for the first model that there is.
    """
    wanted = wanted or default(access, offers)
    named = access.aliases.get(wanted, (wanted,))
    return [
        Choice(backend, found)
        for model in named
        for backend in access.backends
        if (found := _offered(backend, offers, model)) is not None
    ]


def default(access: Access, offers: Offers) -> str:
    """The model of a request that names none: the first alias, or the first model of a server."""
    return next(iter(access.aliases), None) or next(
        (model for backend in access.backends for model in offered(backend, offers) or ()), ""
    )


def offered(backend: Backend, offers: Offers) -> Collection[str] | None:
    """The models of *backend*: those that are written, else those that it lists."""
    return backend.models or offers.get(backend.name)


def listed(access: Access, offers: Offers) -> Iterator[tuple[str, str]]:
    """Every name of a model once, with the server that is asked first: aliases, then models."""
    seen = set()
    for name, models in access.aliases.items():
        first = next((each for model in models for each in choices(access, offers, model)), None)
        if first is not None:
            seen.add(name)
            yield name, first.backend.name
    for backend in access.backends:
        for model in offered(backend, offers) or ():
            if model not in seen:
                seen.add(model)
                yield model, backend.name


def ordered(
    found: Sequence[Choice], cooling: Collection[str], preferred: str | None
) -> list[Choice]:
    """*found* without the servers that are left alone for a while, the *preferred* one first.

    If all of them are, they are asked nevertheless: it costs less than to answer nothing.
    """
    ready = [each for each in found if each.backend.name not in cooling] or list(found)
    return sorted(ready, key=lambda each: each.backend.name != preferred)


def _offered(backend: Backend, offers: Offers, model: str) -> str | None:
    """What *backend* calls *model*; None if it does not have it."""
    known = offered(backend, offers)
    if known is None:
        return model or None
    names = (model, model + LATEST, model.removesuffix(LATEST))
    return next((name for name in names if name and name in known), None)
