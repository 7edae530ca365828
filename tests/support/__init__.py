"""What the tests stand on: services, databases cloned from a template, a running product."""
