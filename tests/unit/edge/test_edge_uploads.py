"""Files that are sent to a route with free text: people call them what they like."""

import httpx
import pytest

from unit.edge import prompts
from unit.edge.edge_process import asked

# An edge that is killed leaves its module in the middle of a handshake, whose socket nobody closes.
pytestmark = [
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

PARTS = "multipart/form-data; boundary=x"


@pytest.mark.parametrize("text", prompts.CODE)
async def test_file_that_is_uploaded_to_a_route_with_free_text_is_left_to_the_module(
    client, edge, text
):
    file = {"file": ("notes.md", text.encode(), "text/markdown")}
    form = httpx.Request("POST", "http://edge", data={"purpose": "user_data"}, files=file)
    said = {"Content-Type": form.headers["Content-Type"]}

    status, _, _ = await asked(client, edge, "/v1/talk", "POST", data=form.read(), headers=said)

    assert status == 200


@pytest.mark.parametrize("name", prompts.FILE_NAMES)
async def test_file_may_have_any_name_on_a_route_with_free_text(client, edge, name):
    sent = {"headers": {"Content-Type": PARTS}, "data": parts(name)}

    free, _, _ = await asked(client, edge, "/v1/talk", "POST", **sent)
    with_query, _, _ = await asked(client, edge, "/v1/talk?a=b", "POST", **sent)
    attacking, _, _ = await asked(client, edge, "/v1/talk?a=%3Cscript%3E", "POST", **sent)
    looked_at, _, _ = await asked(client, edge, "/v1/other", "POST", **sent)

    assert (free, with_query, attacking, looked_at) == (200, 200, 403, 403)


@pytest.mark.parametrize("text", prompts.CODE)
async def test_field_beside_a_file_is_free_text_too(client, edge, text):
    sent = {"headers": {"Content-Type": PARTS}, "data": parts("notes.txt", text)}

    free, _, _ = await asked(client, edge, "/v1/talk", "POST", **sent)
    with_query, _, _ = await asked(client, edge, "/v1/talk?a=%3Cscript%3E", "POST", **sent)

    assert (free, with_query) == (200, 403)


def parts(name, text="user_data"):
    """A form with a field and a file, whose *name* is written as `curl` writes it."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    fields = {'name="purpose"': text, f'name="file"; filename="{escaped}"': "word"}
    written = (
        f"--x\r\nContent-Disposition: form-data; {each}\r\n\r\n{fields[each]}\r\n"
        for each in fields
    )
    return ("".join(written) + "--x--\r\n").encode()
