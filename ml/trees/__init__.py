"""Trees of scikit-learn taken apart into arrays, for who tells, explains and exports them."""
