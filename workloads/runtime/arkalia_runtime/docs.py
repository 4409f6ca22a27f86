"""The API's description for people: Swagger UI from our own files, for a closed network.

The page loads nothing from elsewhere and holds no inline script, so it works without internet
and under a strict Content-Security-Policy. All links are relative: behind a gateway's prefix the
page finds its files too.
"""

from importlib.util import find_spec
from pathlib import Path
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from starlette.responses import FileResponse, HTMLResponse, JSONResponse, Response

from arkalia_contract import endpoints

CONTENT_SECURITY_POLICY: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data:; connect-src 'self'; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)
"""Only styles may be inline: Swagger UI writes `style` attributes."""

PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="docs/swagger-ui.css">
</head>
<body>
<div id="swagger-ui"></div>
<script src="docs/swagger-ui-bundle.js"></script>
<script src="docs/start.js"></script>
</body>
</html>
"""

START: Final = """SwaggerUIBundle({
  url: "openapi.json",
  dom_id: "#swagger-ui",
  deepLinking: true,
  presets: [SwaggerUIBundle.presets.apis],
});
"""

ONE_DAY: Final = {"Cache-Control": "public, max-age=86400"}


def routes(app: FastAPI) -> APIRouter:
    """`/openapi.json`, `/docs` and the files that the page loads."""
    router = APIRouter(include_in_schema=False)
    written = _Written()

    @router.get(endpoints.OPENAPI)
    async def read_description() -> Response:
        return Response(written.text(app.openapi()), media_type="application/json")

    @router.get(endpoints.DOCS)
    async def read_page() -> Response:
        headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
        return HTMLResponse(PAGE.format(title=app.title), headers=headers)

    @router.get(f"{endpoints.DOCS}/start.js")
    async def read_start() -> Response:
        return Response(START, media_type="text/javascript", headers=ONE_DAY)

    @router.get(f"{endpoints.DOCS}/swagger-ui-bundle.js")
    async def read_script() -> Response:
        return FileResponse(_folder() / "swagger-ui-bundle.js", headers=ONE_DAY)

    @router.get(f"{endpoints.DOCS}/swagger-ui.css")
    async def read_style() -> Response:
        return FileResponse(_folder() / "swagger-ui.css", headers=ONE_DAY)

    return router


class _Written:
    """The description as text, which is written anew only when it is another one."""

    def __init__(self) -> None:
        self._document: object = None
        self._text = b""

    def text(self, document: dict[str, Any]) -> bytes:
        """*document* as JSON."""
        if document is not self._document:
            self._document, self._text = document, bytes(JSONResponse(document).body)
        return self._text


def _folder() -> Path:
    """Where the package with Swagger UI's files lies; its Python code is not imported."""
    package = find_spec("fastapi_standalone_docs")
    assert package is not None  # noqa: S101 - a dependency of this distribution
    assert package.origin is not None  # noqa: S101
    return Path(package.origin).parent / "static" / "swagger"
