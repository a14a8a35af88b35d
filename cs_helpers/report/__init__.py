"""Makes the reports: plan, run, gate, export, publish."""
