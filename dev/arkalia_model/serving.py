"""The model server: llama.cpp with the demonstration model, by the API that OpenAI has."""

from __future__ import annotations

import signal
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import xllamacpp

from arkalia_model.chains import NAME

SEQUENCES: Final = 4
"""Answers at once; further questions wait."""
CONTEXT: Final = 16384
"""Tokens of all of them together."""
MEAN: Final = 1
"""An embedding is the mean of those of its tokens (llama.cpp's `LLAMA_POOLING_TYPE_MEAN`)."""
WARNINGS: Final = 1
"""llama.cpp's verbosity for errors and warnings only: it would log the text of prompts otherwise."""


@dataclass(frozen=True)
class Serving:
    """Where to serve, and what is called for."""

    host: str
    port: int
    key: str = ""
    """What callers have to show; empty for nothing."""
    name: str = NAME
    embeds: bool = True
    """Whether it gives embeddings."""


def serve(model: Path, place: Serving) -> None:
    """Serve *model* until a signal."""
    stopped = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopped.set())
    # Its life is the server's: the object that holds it must not be collected.
    server = xllamacpp.Server(_parameters(model, place))
    print(f"{place.name} serves at {server.listening_address}.", flush=True)
    stopped.wait()
    del server


def _parameters(model: Path, place: Serving) -> xllamacpp.CommonParams:
    asked = xllamacpp.CommonParams()
    asked.model.path = str(model)
    asked.model_alias = [place.name]
    asked.hostnames = [place.host]
    asked.port = place.port
    asked.api_keys = [place.key] if place.key else []
    asked.n_ctx, asked.n_parallel = CONTEXT, SEQUENCES
    asked.ctx_shift = True  # an endless answer goes on after the context is full
    asked.embedding, asked.pooling_type = place.embeds, MEAN
    asked.cpuparams.n_threads = asked.cpuparams_batch.n_threads = 1
    asked.cache_ram_mib = 0  # what it would remember of prompts is computed faster than looked up
    asked.warmup = asked.ui = False
    asked.verbosity = WARNINGS
    return asked
