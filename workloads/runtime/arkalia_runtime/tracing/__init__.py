"""Traces (OpenTelemetry): one span for each request and one for each call that is made for it.

`spans` makes them with OpenTelemetry's API, `export` sends them with its SDK. The SDK is loaded
only where the setting `tracing_endpoint` names a receiver; without one the trace that a request
came in (W3C Trace Context) is passed on and written into the log, and nothing is recorded.
"""
