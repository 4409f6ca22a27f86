"""A view as a pipe would get it."""

from rich.console import Console


def rendered(view, width=200):
    """The text of *view*, without colours and without blanks at the ends of lines."""
    console = Console(width=width, color_system=None, force_terminal=False)
    with console.capture() as captured:
        console.print(view)
    return "\n".join(line.rstrip() for line in captured.get().splitlines())
