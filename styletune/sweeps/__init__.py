"""Sweeps: one painting at many settings, as pictures, a table and a contact sheet.

A file says which; `plan` reads it, `points` lays it out, `studio` paints on a server, `fleet` on
Ray, `folder` keeps what is done, and `sheet`, `plot` and `page` show it.
"""
