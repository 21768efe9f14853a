"""Charts: each module makes one kind, as a Vega-Lite specification of one view without a width."""
