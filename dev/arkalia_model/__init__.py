"""The demonstration model: a language model that says three things, in a real model server.

It is for tests and for a first look: it answers at once, always in the same words, and needs neither a
download nor a graphics card. The server is llama.cpp; the model is a file that this package makes, so that
the text, and nothing else, is decided here. Whoever wants answers puts another server in its place.
"""
