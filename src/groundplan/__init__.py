"""Plans that start from the ground: review, estimate and plan an economy from a folder of tables."""
