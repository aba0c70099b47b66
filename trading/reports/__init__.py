"""What people look at: figures and the model card."""
