"""Venues: where intents become fills. One module for each, and a row of :data:`trading.live.venues.opening.VENUES`."""
