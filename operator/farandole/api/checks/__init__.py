"""Whether the parts of a document fit each other: a module a subject, each yields findings.

`task`, `network`, `tuning` check a recipe, `placement` checks a spec. Nothing is imported here,
because the check of a search applies its values to the recipe, which is checked again.
"""
