"""What every unit really makes and could make, with how sure we are."""
