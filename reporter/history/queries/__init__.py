"""Every statement by name, and nowhere else: constants where nothing varies, functions where something does."""
