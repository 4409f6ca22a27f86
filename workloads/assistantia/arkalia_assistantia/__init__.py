"""The assistant: conversations with a language model."""
