"""Pages of bank accounts, payout batches and the journal."""
