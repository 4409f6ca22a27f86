"""Actions of the service on itself: asked for on `POST /control/actions`, ended by their time.

`abilities` is what a service can do, `actions` carries orders out, `routes` takes them, `shedding`
is the one ability that all services have.
"""
