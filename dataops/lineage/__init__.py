"""Column lineage: from the compiled SQL of a project to what each column is made of.

What cannot be resolved is told as such, never passed over.
"""
