"""Sweeps: one painting at many settings, as pictures, a table and a contact sheet."""
