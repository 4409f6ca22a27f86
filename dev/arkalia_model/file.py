"""The model as a GGUF file: weights that are computed instead of trained.

The one layer adds nothing to what it is given (its outputs are zero), so the model sees its last token
alone. Each token has a direction of its own, and the row of the output of a token points to where its
predecessors are: the successor wins by far, at every usual temperature.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import gguf
import numpy as np
import numpy.typing as npt

from arkalia_model.chains import BEGIN, BYTES, END, NAME, UNKNOWN, Table, table, template

Matrix = npt.NDArray[np.float32]

WIDTH: Final = 256
FEED_FORWARD: Final = 32
CONTEXT: Final = 4096
SEED: Final = 1
"""The same checkout makes the same file."""
OWN_SHARE: Final = 0.3
"""How far tokens outside the chains differ: they have one successor, and their embeddings tell texts apart."""
CERTAINTY: Final = 8.0
"""How far the successor is ahead of all others."""


def weights(chains: Table) -> tuple[Matrix, Matrix]:
    """The embeddings and the output of the model that follows *chains*."""
    chance = np.random.default_rng(SEED)
    tokens = chains.tokens
    place = {token: number for number, token in enumerate(tokens)}
    chained = [place[token] for token in chains.successors]
    others = [number for number, token in enumerate(tokens) if token not in chains.successors]
    embeddings = chance.standard_normal((len(tokens), WIDTH)).astype(np.float32)
    common = chance.standard_normal(WIDTH).astype(np.float32)
    embeddings[others] = common + OWN_SHARE * embeddings[others]
    embeddings /= np.sqrt((embeddings**2).mean(axis=1, keepdims=True))
    output = np.zeros_like(embeddings)
    followers = [place[token] for token in chains.successors.values()]
    np.add.at(output, followers, embeddings[chained])
    output[place[chains.first]] += embeddings[others].mean(axis=0)
    return embeddings, output * np.float32(CERTAINTY / np.sqrt(WIDTH))


def write(path: Path) -> None:
    """Write the demonstration model to *path*."""
    chains = table()
    writer = gguf.GGUFWriter(path, "llama")
    _describe(writer)
    _tokenise(writer, chains)
    for name, matrix in _tensors(chains).items():
        writer.add_tensor(name, matrix)
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _describe(writer: Any) -> None:
    writer.add_name(NAME)
    writer.add_description(
        "The demonstration model of Arkalia: it says three things, and calls a tool."
    )
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(WIDTH)
    writer.add_block_count(1)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(1)
    writer.add_head_count_kv(1)
    writer.add_rope_dimension_count(WIDTH)
    writer.add_layer_norm_rms_eps(1e-5)
    writer.add_chat_template(template())


def _tokenise(writer: Any, chains: Table) -> None:
    kinds = gguf.TokenType
    control, words = chains.control, chains.words
    writer.add_tokenizer_model("llama")
    writer.add_vocab_size(len(chains.tokens))
    writer.add_token_list(list(chains.tokens))
    # A word with a lower number is taken first, and the special tokens are never made of letters.
    writer.add_token_scores(
        [0.0] * (len(control) + len(BYTES)) + [-float(n) for n in range(len(words))]
    )
    writer.add_token_types(
        [kinds.CONTROL] * len(control) + [kinds.BYTE] * len(BYTES) + [kinds.NORMAL] * len(words)
    )
    writer.add_unk_token_id(control.index(UNKNOWN))
    writer.add_bos_token_id(control.index(BEGIN))
    writer.add_eos_token_id(control.index(END))


def _tensors(chains: Table) -> Mapping[str, Matrix]:
    embeddings, output = weights(chains)
    ones = np.ones(WIDTH, np.float32)
    square, wide = np.zeros((WIDTH, WIDTH), np.float32), np.zeros((FEED_FORWARD, WIDTH), np.float32)
    layer = {
        **dict.fromkeys(("attn_norm", "ffn_norm"), ones),
        **dict.fromkeys(("attn_q", "attn_k", "attn_v", "attn_output"), square),
        **dict.fromkeys(("ffn_gate", "ffn_up"), wide),
        "ffn_down": np.ascontiguousarray(wide.T),
    }
    return {
        "token_embd.weight": embeddings,
        "output.weight": output,
        "output_norm.weight": ones,
        **{f"blk.0.{name}.weight": matrix for name, matrix in layer.items()},
    }
