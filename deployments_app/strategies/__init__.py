"""How each strategy takes its steps: pure functions from what was seen to what is done next."""
