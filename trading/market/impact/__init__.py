"""What an order costs beyond the spread: order books and trades, walked and fitted to a law of impact."""
