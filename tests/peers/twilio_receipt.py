"""Signs a status call-back as Twilio does, with the SDK's own validator.

argv: auth token, the exact URL, then the form's fields as name=value. Prints the signature.
"""

import sys

from twilio.request_validator import RequestValidator

token, url, *fields = sys.argv[1:]
form = dict(field.split("=", 1) for field in fields)
print(RequestValidator(token).compute_signature(url, form))
