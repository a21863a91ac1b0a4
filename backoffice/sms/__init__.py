"""Text messages: every one a row, sent at least once, each attempt at most once.

from backoffice.sms.sending import send
send(user.mobile, "low_stock", recipient=user, key=…, name="红富士", count=3)
"""
