"""What the shop asks of WeChat for signing in: who has this code, which mobile is it."""
