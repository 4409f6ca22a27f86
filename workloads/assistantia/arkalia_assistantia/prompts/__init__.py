"""Validation of prompts, in layers: pure functions from text to a score with reasons.

`validation` runs the layers, each of which is one file: `normalisation` (hidden characters),
`encodings` (payloads that have to be decoded), `separation` (text that plays another role),
`classifier` (what reads like an attack). `canary` and `answers` look at what a model says.
"""
