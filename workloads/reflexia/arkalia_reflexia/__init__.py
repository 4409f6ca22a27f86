"""The reflexes: rules that turn a trigger into an action."""
