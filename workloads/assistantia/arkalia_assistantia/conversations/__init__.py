"""Conversations that are kept, each for the user who leads it.

`store` is all that is asked of the database; `routes` is what their owner can do with them.
"""
