"""Shell in a page is read as people read it, and what is printed compared as they would."""

import pytest

import documentation
from documentation import Block, printed, shell

PAGE = """\
1. Ask:

   ```sh cluster
   kubectl get pods
   ```

   ```text output
   NAME   AGE
   luna   3m
   ```

```sh cluster background
arkalia open luna
```

```yaml
spec: {}
```
"""


@pytest.fixture
def page(tmp_path, monkeypatch):
    monkeypatch.setattr(documentation, "ROOT", tmp_path)
    path = tmp_path / "page.md"
    path.write_text(PAGE)
    return path


def test_blocks_come_with_their_manner_and_what_they_print(page):
    first, second = shell(page)

    assert (first.text, first.manner) == ("kubectl get pods\n", "")
    assert (first.output, first.language) == ("NAME   AGE\nluna   3m\n", "text")
    assert (second.manner, second.output) == ("background", "")


@pytest.mark.parametrize(
    ("shown", "out", "fits"),
    [
        ("NAME AGE\nluna 3m\n", "NAME   AGE\nsol   1s\nluna   5m10s\n", True),
        ("NAME AGE\nluna 3m\n", "luna   3m\nNAME   AGE\n", False),
        ("luna True\n", "luna   False\n", False),
        ("luna ...\n", "luna   anything at all\n", True),
    ],
)
def test_what_is_printed_fits_but_for_ages_and_lines_between(shown, out, fits):
    assert printed(Block("x.md", "sh cluster", "x", shown, "text"), out) is fits


def test_json_that_is_printed_is_compared_as_what_it_means():
    block = Block("x.md", "sh cluster", "x", '{"a": 1, "b": 2}', "json")

    assert printed(block, '{"b":2,"a":1}')
    assert not printed(block, '{"a": 1}')
