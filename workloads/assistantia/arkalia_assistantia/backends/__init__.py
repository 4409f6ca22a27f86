"""The model servers: which there are, which is asked, and how.

`access` reads what the operator wrote, `choosing` decides without asking anybody, `turns` and
`cooling` hold what is known of each server, `openai` and `ollama` are its two languages, `wire` the
connection, `pool` asks. Inside, a request and its answer have OpenAI's form.
"""
