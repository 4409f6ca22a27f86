"""PURE: what was read of the cluster becomes what people and programs see."""
