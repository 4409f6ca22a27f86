"""What every Arkalia service would otherwise repeat.

A service gives `app.create_app` its name, routes and checks, and gives the result to
`server.run`; settings, logs, metrics, health, problems, docs and the stop without a lost request
come from here. Nothing here knows a service by its name.
"""
