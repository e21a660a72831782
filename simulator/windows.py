"""Sums over the last days for each customer, kept without keeping what was summed."""

from collections import deque

import numpy as np


class Window:
    """Per-customer sums of ``columns`` quantities over the last ``days`` days.

    Memory: one sum a customer and column, plus the entries of ``days`` days; it does not grow
    with the length of the simulation.
    """

    def __init__(self, customers: int, days: int, columns: int) -> None:
        self.sums = np.zeros((customers, columns))
        self._entries: deque[tuple[np.ndarray, np.ndarray]] = deque()
        self._days = days

    def __len__(self) -> int:
        """Days whose entries are held."""
        return len(self._entries)

    def close_day(self, who: np.ndarray, values: np.ndarray) -> None:
        """Add one day's entries: customers (n,) and their quantities (n, columns)."""
        np.add.at(self.sums, who, values)
        self._entries.append((who, values))
        if len(self._entries) > self._days:
            old_who, old_values = self._entries.popleft()
            np.subtract.at(self.sums, old_who, old_values)

    def mean(self, rows: np.ndarray, column: int, count: int, otherwise: float) -> np.ndarray:
        """Sum of ``column`` by the sum of ``count``; ``otherwise`` where nothing was counted."""
        counted = np.round(self.sums[rows, count])
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(counted > 0, self.sums[rows, column] / counted, otherwise)
