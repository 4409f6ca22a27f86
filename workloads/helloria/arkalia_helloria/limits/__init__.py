"""How much one may ask for.

`rate` is the arithmetic, `shared` what all gateways know together, `rules` which limits a request
meets.
"""
