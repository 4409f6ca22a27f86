"""Which objects a list or watch of the model of the API server holds."""


def is_collection(path):
    parts = path.strip("/").split("/")
    return len(parts[2:] if parts[0] == "api" else parts[3:]) in {1, 3}


def within(path, collection):
    """Whether the object at *path* is one of *collection*, which may span all namespaces."""
    parent, _ = path.rsplit("/", 1)
    if parent == collection:
        return True
    prefix, plural = collection.rsplit("/", 1)
    return parent.startswith(f"{prefix}/namespaces/") and parent.endswith(f"/{plural}")


def selected(body, selector):
    if not selector:
        return True
    wanted = dict(each.split("=") for each in selector.split(","))
    return wanted.items() <= body["metadata"].get("labels", {}).items()
