"""Signs claims with PyJWT: JSON {claims, secret, algorithm, headers?} on stdin, the token on stdout."""

import json
import sys

import jwt

asked = json.load(sys.stdin)
print(jwt.encode(asked["claims"], asked["secret"], algorithm=asked["algorithm"], headers=asked.get("headers")))
