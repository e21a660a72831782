"""ML models as the command line lists, judges, changes and explains them."""
