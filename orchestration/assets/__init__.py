"""The asset graph made of a project: landing files, SQL models, ML models, their checks."""
