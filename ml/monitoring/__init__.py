"""How far the rows of one relation are from those of another, column by column."""
