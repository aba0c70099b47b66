"""Every step function and the account's layout: math and numpy only, plain here, compiled in `trading.simulation`."""
