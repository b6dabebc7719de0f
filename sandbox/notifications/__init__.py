"""SNS over HTTP: signed messages to subscribers on this machine, and what an alarm says in them."""
