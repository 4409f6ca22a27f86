"""The rules of the record: which events it takes from whom."""

from collections.abc import Sequence

from arkalia_contract.events import Event


class RefusedPageError(ValueError):
    """What a module's outbox answered cannot be recorded; the message says why."""


def require_recordable(page: Sequence[Event], source: str, after: int) -> None:
    """Hold *page*, which *source* told after the sequence *after*, against the rules.

    Nobody speaks for another, and each event comes after the one before. Raises RefusedPageError.
    """
    for event in page:
        if event.source != source:
            message = f"the event {event.id} says that it comes from {event.source}, not {source}"
            raise RefusedPageError(message)
        if event.sequence is None or event.sequence <= after:
            message = f"the event {event.id} has the sequence {event.sequence}, not after {after}"
            raise RefusedPageError(message)
        after = event.sequence


def chosen(types: str) -> list[str]:
    """The event types that a reader asks for: names with commas between them, empty for all."""
    return [name for name in types.split(",") if name]
