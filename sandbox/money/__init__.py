"""What the sandbox would cost: prices, what runs, and the account book that Cost Explorer answers from."""
