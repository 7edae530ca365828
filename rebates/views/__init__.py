"""Pages about rebates: programmes, settlements, statements."""
