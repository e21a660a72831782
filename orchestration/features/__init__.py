"""Features as the command line finds, shows and adds them."""
