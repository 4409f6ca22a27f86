"""The configuration of the edge's nginx, as text.

It holds nothing that a pod is made from: nginx reads it again while it runs (`arkalia-edge`, in
`workloads/edge`).
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from arkalia_contract import endpoints, files
from arkalia_operator.api.edge import DenyList, FilterMode

RUN_FOLDER: Final = "/run/arkalia"
PUBLIC_TLS_FOLDER: Final = f"{files.SETTINGS_FOLDER}/public-tls"
"""Where the certificate lies that is shown outside."""
FILTER: Final = "filter.conf"
"""What the request filter is told, beside this configuration."""
MODULES: Final = "/usr/lib/nginx/modules"
LUA: Final = "/usr/local/share/arkalia/?.lua;/usr/share/lua/5.1/?.lua"
PORT: Final = 8443
PLAIN_PORT: Final = 8080
"""Plain HTTP from outside: where to ask instead, and nothing else."""
METRICS_PORT: Final = 8444
"""HTTPS with the certificate of the system's own authority, as the modules show their metrics."""
PROBE_PORT: Final = 8081
"""Plain HTTP: whether nginx answers. Nothing of the system is behind it."""
LIVE: Final = "/live"
WORKERS: Final = 2
"""As many as cores would be as many as the node has, whatever the pod may use of them."""
IDLE_SECONDS: Final = 60
"""An idle connection to the module ends before the module ends it (75 s, `arkalia_runtime.server`)."""
SILENCE_SECONDS: Final = 3900
"""Longer than a module may be told to let an answer pause: it ends what hangs, and says so."""
BURST_SECONDS: Final = 2
"""As the gateway's own limits have it."""
HEADERS: Final[Mapping[str, str]] = {
    "Strict-Transport-Security": "max-age=31536000",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Content-Security-Policy": "frame-ancestors 'none'; base-uri 'self'; object-src 'none'",
    "Referrer-Policy": "no-referrer",
    "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
    "Cross-Origin-Opener-Policy": "same-origin",
    # Filters in old browsers could be made to leak: https://owasp.org/www-project-secure-headers/
    "X-XSS-Protection": "0",
}
"""Seed 003's, as OWASP asks for them today. The module's own of these names are replaced."""
PROBLEMS: Final[Mapping[int, tuple[str, str]]] = {
    400: ("Bad Request", "The request is not HTTP as it must be."),
    403: ("Forbidden", "The edge does not let this request pass."),
    404: ("Not Found", "Nothing is published here."),
    413: ("Content Too Large", "The body is longer than this system takes."),
    429: ("Too Many Requests", "Too many requests from this address: wait a second."),
    502: ("Bad Gateway", "The gateway gives no answer: try again."),
    503: ("Service Unavailable", "The edge is busy: try again."),
    504: ("Gateway Timeout", "The gateway gives no answer in time: try again."),
}
"""What is said where the edge answers itself (RFC 9457)."""
PROBLEM: Final = "/.edge/problem/"
ADDRESSES: Final = ("", "[::]:")
"""`arkalia-edge` leaves the second out where the kernel knows no IPv6."""
OWN: Final = "|".join((endpoints.METRICS, endpoints.STATUS, endpoints.HEALTH_DETAILED))
INSIDE: Final = rf"^(({OWN})/?$|{endpoints.CONTROL_ACTIONS})"
"""What the parts of a system, and who runs it, ask a public module, and nobody outside."""
OF_AUTH: Final = r"^/api/(v1/[^/]+/)?auth/"
PASSED_ON: Final[Mapping[str, str]] = {
    "Host": "$host",
    "Connection": "",
    "X-Forwarded-For": "$remote_addr",
    "X-Forwarded-Proto": "$outside_scheme",
    "X-Forwarded-Host": "$host",
    # The module believes the edge, so whatever else claims to know where a request is from ends here.
    "Forwarded": "",
    "X-Real-IP": "",
}
LOG: Final = (
    '{"time":"$time_iso8601","level":"INFO","logger":"edge","message":"request",'
    '"client":"$remote_addr","method":"$request_method","path":"$asked_path","status":$status,'
    '"seconds":$request_time,"bytes":$bytes_sent,"request_id":"$sent_http_x_request_id",'
    '"upstream_status":"$upstream_status"}'
)
"""Without the query, which may hold what is nobody's business."""


@dataclass(frozen=True, slots=True)
class Site:
    """Everything that the configuration says of one system."""

    address: str
    """Base URL of the public module."""
    host: str
    """Name by which the system is asked outside; empty if it has none."""
    has_public_certificate: bool
    trusted_proxies: tuple[str, ...]
    max_body_bytes: int
    requests_per_second: int
    auth_requests_per_second: int
    stop_seconds: int
    """Seconds that open answers get when the edge stops or reads its configuration again."""
    filter_mode: FilterMode
    deny_list: DenyList


def configuration(site: Site) -> str:
    """The whole `nginx.conf`."""
    return "\n".join([*_main(site), *_block("http", *_http(site)), ""])


def _main(site: Site) -> Iterator[str]:
    yield from (f"load_module {MODULES}/{each}.so;" for each in _loaded(site))
    yield f"worker_processes {WORKERS};"
    yield f"worker_shutdown_timeout {site.stop_seconds}s;"
    yield "daemon off;"
    yield f"pid {RUN_FOLDER}/nginx.pid;"
    # Which rules of the filter a request meets is told at the level info.
    yield f"error_log stderr {'info' if site.filter_mode == 'Detect' else 'notice'};"
    yield from _block("events", "worker_connections 8192;")


def _loaded(site: Site) -> Iterator[str]:
    yield from ("ndk_http_module", "ngx_http_lua_module")
    if site.filter_mode != "Off":
        yield "ngx_http_modsecurity_module"


def _http(site: Site) -> Iterator[str]:
    yield from _basics()
    yield from _clients(site)
    yield from _limits(site)
    yield from _upstream(site)
    yield from _counting(site)
    yield from _block("server", *_probed())
    yield from _block("server", *_measured())
    yield from _block("server", *_redirected())
    if site.has_public_certificate:
        named = (f"server_name {site.host};", *_shown(PUBLIC_TLS_FOLDER))
        yield from _block("server", *_listening(""), *named, *_served(site))
    default = ("server_name _;", *_shown(files.TLS_FOLDER))
    yield from _block("server", *_listening(" default_server"), *default, *_served(site))


def _basics() -> Iterator[str]:
    yield "default_type application/octet-stream;"
    yield "server_tokens off;"
    for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi"):
        yield f"{name}_temp_path {files.SCRATCH_FOLDER}/{name};"
    yield from _block(
        "map $request_uri $asked_path", r'"~^(?<without_query>[^?]*)" $without_query;'
    )
    yield f"log_format line escape=json '{LOG}';"
    yield "access_log /dev/stdout line;"
    yield "ssl_protocols TLSv1.2 TLSv1.3;"
    yield "ssl_ciphers ECDHE+AESGCM:ECDHE+CHACHA20;"
    yield "ssl_session_cache shared:sessions:10m;"
    yield "ssl_session_tickets off;"
    yield "client_header_timeout 15s;"
    yield "client_body_timeout 30s;"
    yield "client_body_buffer_size 64k;"
    yield "large_client_header_buffers 4 16k;"


def _clients(site: Site) -> Iterator[str]:
    """Who asks: what the proxies before the edge tell of it, and only they."""
    for each in site.trusted_proxies:
        yield f"set_real_ip_from {each};"
    yield "real_ip_header X-Forwarded-For;"
    yield "real_ip_recursive on;"
    believed = (f"{each} 1;" for each in site.trusted_proxies)
    yield from _block("geo $realip_remote_addr $believed", "default 0;", *believed)
    scheme = ("default https;", '"1:http" http;')
    yield from _block('map "$believed:$http_x_forwarded_proto" $outside_scheme', *scheme)


def _limits(site: Site) -> Iterator[str]:
    rates = {"api": site.requests_per_second, "auth": site.auth_requests_per_second}
    for zone, rate in rates.items():
        yield f"limit_req_zone $binary_remote_addr zone={zone}:10m rate={rate}r/s;"
    yield "limit_req_status 429;"
    yield f"client_max_body_size {site.max_body_bytes};"
    # Where the module is the one who refuses, it says itself when to come back.
    yield from _block('map "$status:$upstream_status" $come_back', 'default "";', '"429:" 1;')


def _upstream(site: Site) -> Iterator[str]:
    server = f"server {urlsplit(site.address).netloc} max_fails=0;"
    idle = f"keepalive_timeout {IDLE_SECONDS}s;"
    yield from _block("upstream module", server, "keepalive 64;", idle)


def _probed() -> Iterator[str]:
    yield from (f"listen {address}{PROBE_PORT};" for address in ADDRESSES)
    yield "access_log off;"
    yield from _block(f"location = {LIVE}", 'return 200 "";')
    yield from _block("location /", "return 404;")


def _measured() -> Iterator[str]:
    yield from _listening("", METRICS_PORT)
    yield from _shown(files.TLS_FOLDER)
    yield "access_log off;"
    ask = f"location = {endpoints.METRICS}"
    yield from _block(ask, *_block("content_by_lua_block", 'require("metrics").tell()'))
    yield from _block("location /", "return 404;")


def _redirected() -> Iterator[str]:
    """308 keeps the method. Nobody who names no host can be told where to go."""
    yield from (f"listen {address}{PLAIN_PORT};" for address in ADDRESSES)
    yield from _block('if ($http_host = "")', "return 400;")
    yield "return 308 https://$host$request_uri;"
    yield from _block("log_by_lua_block", 'require("metrics").redirected()')


def _listening(default: str, port: int = PORT) -> Iterator[str]:
    yield from (f"listen {address}{port} ssl http2{default};" for address in ADDRESSES)


def _shown(folder: str) -> tuple[str, str]:
    certificate = f"ssl_certificate {folder}/{files.CERTIFICATE_KEY};"
    return certificate, f"ssl_certificate_key {folder}/{files.PRIVATE_KEY_KEY};"


def _served(site: Site) -> Iterator[str]:
    yield from _answers(site)
    yield from _passing_on()
    yield from _guarded(site)
    parts = urlsplit(site.address)
    yield from _verifying(parts.hostname) if parts.scheme == "https" else ()
    ask = f"proxy_pass {parts.scheme}://module;"
    yield from _place(f"= {endpoints.HEALTH}", "@health", ask)
    yield from _block(f"location ~ {INSIDE}", "return 404;")
    limits = {f"~ {OF_AUTH}": ("auth", site.auth_requests_per_second)}
    limits |= {"/": ("api", site.requests_per_second)}
    for place, (zone, rate) in limits.items():
        limit = f"limit_req zone={zone} burst={BURST_SECONDS * rate} nodelay;"
        yield from _place(place, f"@{zone}", limit, ask)


def _place(place: str, closing: str, *lines: str) -> Iterator[str]:
    """The same twice: at the second, the connection ends with the answer (`closing.lua`)."""
    go_on = _block("rewrite_by_lua_block", f'require("closing").go_on_at("{closing}")')
    yield from _block(f"location {place}", *go_on, *lines)
    yield from _block(f"location {closing}", "keepalive_timeout 0;", *lines)


def _counting(site: Site) -> Iterator[str]:
    """The counts and the denied addresses lie in memory that all workers share."""
    yield f'lua_package_path "{LUA};;";'
    yield "lua_shared_dict counts 1m;"
    if site.deny_list.enabled:
        yield "lua_shared_dict denied 10m;"


def _guarded(site: Site) -> Iterator[str]:
    denying, counted = site.deny_list, ['require("metrics").count()']
    if denying.enabled:
        numbers = f"{denying.refusals}, {denying.window_seconds}, {denying.deny_seconds}"
        yield from _block("server_rewrite_by_lua_block", 'require("deny").refuse()')
        counted.append(f'require("deny").count({numbers})')
    yield from _block("log_by_lua_block", *counted)
    if site.filter_mode != "Off":
        yield "modsecurity on;"
        yield f"modsecurity_rules_file {RUN_FOLDER}/{FILTER};"


def _answers(site: Site) -> Iterator[str]:
    for name, value in HEADERS.items():
        yield f"proxy_hide_header {name};"
        yield f'add_header {name} "{value}" always;'
    yield "add_header Retry-After $come_back always;"
    for status in PROBLEMS:
        yield f"error_page {status} {PROBLEM}{status};"
        yield from _block(f"location = {PROBLEM}{status}", *_problem(status, site))


def _problem(status: int, site: Site) -> Iterator[str]:
    title, detail = PROBLEMS[status]
    told = {"type": "about:blank", "title": title, "status": status, "detail": detail}
    yield "internal;"
    if site.filter_mode != "Off":
        yield "modsecurity off;"
    yield "default_type application/problem+json;"
    yield f"return {status} '{json.dumps(told)}';"


def _passing_on() -> Iterator[str]:
    """Nothing is held back: an answer reaches the client word by word."""
    yield "proxy_http_version 1.1;"
    yield "proxy_buffering off;"
    yield "proxy_connect_timeout 5s;"
    yield f"proxy_read_timeout {SILENCE_SECONDS}s;"
    for header, value in PASSED_ON.items():
        yield f'proxy_set_header {header} "{value}";'


def _verifying(name: str | None) -> Iterator[str]:
    """By what the edge knows the module: the system's authorities, and the name of its Service."""
    yield "proxy_ssl_verify on;"
    yield "proxy_ssl_verify_depth 3;"
    yield f"proxy_ssl_trusted_certificate {files.AUTHORITY};"
    yield "proxy_ssl_server_name on;"
    yield f"proxy_ssl_name {name};"
    yield "proxy_ssl_protocols TLSv1.2 TLSv1.3;"


def _block(head: str, *lines: str) -> Iterator[str]:
    yield f"{head} {{"
    yield from (f"    {line}" for line in lines)
    yield "}"
