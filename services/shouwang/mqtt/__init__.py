"""The ear: the broker's messages in, acknowledged only after the commit."""
