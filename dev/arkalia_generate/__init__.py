"""Writes the files of the chart and of the monitoring folder that follow from other files.

`python -m arkalia_generate` writes them, `--check` fails if one of them is not what it would be.
Nobody edits them by hand.
"""
