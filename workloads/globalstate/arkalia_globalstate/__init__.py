"""The record: the events of all modules in one sequence, and the shared state.

`pulling` fetches what the modules tell, `record` stores and serves it, `states` holds the shared
documents. The rules that need neither network nor database stand in `domain`.
"""
