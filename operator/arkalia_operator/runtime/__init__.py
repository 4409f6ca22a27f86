"""The loop: one queue with one key for each system, whatever the trigger was."""
