"""A line for each value of a chart."""

from arkalia_generate.chart_reference import rows

VALUES = """\
# The image.
image:
  # -- Its tag.
  tag: ""
# @schema {enum: [a, b]}
# -- One of two | words.
word: a
# @schema {type: [integer, string]}
# -- How many.
count: 1
# -- Anything.
labels: {}
"""


def test_each_value_is_told_with_its_path_type_default_and_meaning():
    assert list(rows(VALUES)) == [
        '| `image.tag` | string | `""` | Its tag. |\n',
        '| `word` | `a`, `b` | `"a"` | One of two &#124; words. |\n',
        "| `count` | integer or string | `1` | How many. |\n",
        "| `labels` | object | `{}` | Anything. |\n",
    ]
