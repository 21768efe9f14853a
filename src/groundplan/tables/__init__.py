"""The facts: table schemas, cross-table rules, the economy, labels and positions."""
