"""Turns what people paste or upload into tasks: lines, lists, tables, CSV and JSON, from any tracker's export.

``cells`` divides a text into rows of cells, ``columns`` finds out what each column means, and ``understood`` makes
tasks of the rows. ``lines`` reads one task of one line, ``page_copies`` the lines between tasks in a copied page.
"""
