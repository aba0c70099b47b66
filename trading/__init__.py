"""The domain of Sevengates: what is true about markets, models, gates and trades. Never imports prefect."""
