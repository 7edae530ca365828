"""Pages of agreements, claims and price drops."""
