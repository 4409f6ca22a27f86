"""How much one may ask for.

`rate` is the arithmetic, `shared` what all gateways know together, `asking` what one asks the others,
`tokens` what an answer of a model has cost, `rules` which limits a request meets.
"""
