from textwrap import dedent

import pytest

from arkalia_site.markdown import translated


@pytest.mark.parametrize(
    ("repository", "site"),
    [
        ("1. One:\n\n   ```sh run\n   ls\n   ```\n", "1. One:\n\n    ```sh\n    ls\n    ```\n"),
        ("- a\n  - b\n    - c\n", "- a\n    - b\n        - c\n"),
        ("10. Ten:\n\n    Text.\n", "10. Ten:\n\n    Text.\n"),
        ("- a\n\nText.\n\n  kept\n", "- a\n\nText.\n\n  kept\n"),
        ("```yaml\n- a:\n  - b\n```\n- c\n", "```yaml\n- a:\n  - b\n```\n- c\n"),
        ("```text\nkubectl\n```", "```text\nkubectl\n```"),
    ],
)
def test_lists_are_nested_by_four_spaces_and_blocks_name_their_language(repository, site):
    assert translated(repository) == site


def test_block_in_an_item_keeps_what_is_indented_in_it():
    text = dedent("""\
        1. Describe it:

           ```yaml
           spec:
             image: x

             tag: y
           ```
        """)

    lines = translated(text).splitlines()

    assert lines[3:6] == ["    spec:", "      image: x", ""]
    assert lines[-1] == "    ```"


def test_picture_of_another_host_is_left_out_but_for_its_words():
    assert translated("![Version: 1](https://example.com/v.png) on") == "Version: 1 on"
