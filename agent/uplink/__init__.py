"""The conversation with platforms: sender, dispatcher, links. What is said is made elsewhere."""
