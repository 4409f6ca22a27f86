"""Who a service is to others, and who others are to it: certificates, tokens, and who may call what.

`certificates` shows the service's own; `tokens` says whose a token is; `callers` says who may ask
for what; `guard` stands before the routes and lets in.
"""
