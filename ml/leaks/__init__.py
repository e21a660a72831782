"""Features that know what the label will be: found before anything is learnt from them."""
