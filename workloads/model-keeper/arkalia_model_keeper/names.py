"""One name for a model that is called by several: `llama3.2` is `llama3.2:latest`."""

from typing import Final

OWN_REGISTRY: Final = "registry.ollama.ai/"
OWN_LIBRARY: Final = "library/"
LATEST: Final = "latest"


def whole(model: str) -> str:
    """The name that two spellings of *model* have in common."""
    name = model.lower().removeprefix(OWN_REGISTRY).removeprefix(OWN_LIBRARY)
    tagged = ":" in name.rpartition("/")[2]
    return name if tagged else f"{name}:{LATEST}"
