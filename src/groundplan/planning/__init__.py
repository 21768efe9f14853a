"""The best feasible plan on what can really be made, exact, with what gives way and why."""
