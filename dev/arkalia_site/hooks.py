"""What mkdocs calls while it builds the site; `mkdocs.yml` names this file."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any, Final

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files
from mkdocs.structure.pages import Page

from arkalia_site import links, markdown

DRAWING: Final = "assets/mermaid.js"
"""Draws diagrams in the browser. It comes with a package, so the site asks nobody else for it."""
DIAGRAM: Final = '<pre class="mermaid">'


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Add the pages that stand outside `docs/` and the program that draws; complete the navigation."""
    root = Path(config.config_file_path).parent
    for place, path in _outside(root).items():
        text = (root / path).read_text(encoding="utf-8")
        files.append(File.generated(config, place, content=text))
    files.append(File.generated(config, DRAWING, content=_drawing()))
    config.nav = _completed(config.nav, files)
    return files


def on_page_markdown(text: str, page: Page, config: MkDocsConfig, **_: Any) -> str:
    """Translate a page from the repository to the site."""
    place = page.file.src_uri
    outside = _outside(Path(config.config_file_path).parent)
    source = outside.get(place, links.DOCS + place)
    return markdown.translated(links.rewritten(text, source))


def on_post_page(output: str, page: Page, **_: Any) -> str:
    """Load the program that draws on the pages with a diagram, before the theme looks for it."""
    if DIAGRAM not in output:
        return output
    up = "../" * page.url.count("/")
    return output.replace("</head>", f'<script src="{up}{DRAWING}"></script></head>', 1)


def _outside(root: Path) -> dict[str, str]:
    """The pages that stand outside `docs/`, by their place on the site."""
    charts = [path.relative_to(root).as_posix() for path in sorted(root.glob("charts/*/README.md"))]
    return {place: path for path in (*links.OUTSIDE, *charts) if (place := links.on_site(path))}


def _drawing() -> bytes:
    return resources.files("mermaidx").joinpath("assets/mermaid.js").read_bytes()


def _completed(nav: Any, files: Files) -> Any:
    """*nav* with every folder (`how-to/`) replaced by its pages, in the order of their names."""
    if isinstance(nav, list):
        return [_completed(each, files) for each in nav]
    if isinstance(nav, dict):
        return {title: _completed(each, files) for title, each in nav.items()}
    return _pages(nav, files) if nav.endswith("/") else nav


def _pages(folder: str, files: Files) -> list[str]:
    found = [file.src_uri for file in files.documentation_pages()]
    return sorted(path for path in found if path.startswith(folder))
