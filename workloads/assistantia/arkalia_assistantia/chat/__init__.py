"""A conversation with a model: checked before, validated after, told in the client's own language.

`flow` is the way of one question, from the check of the prompt to the score of the answer; `told` is
what is said about an answer beside it. `native`, `openai` and `ollama` are the three ways to ask.
"""
