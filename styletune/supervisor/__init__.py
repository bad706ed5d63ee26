"""The supervisor: one painting process after the other, watched, restarted and replaced."""
