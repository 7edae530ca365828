"""An operator acts for a user: asked with a reason, consented by the tenant's administrator, an hour at most."""
