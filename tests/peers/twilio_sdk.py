"""Sends one message through Twilio's own SDK, redirected to a loopback recorder.

argv: base URL, account SID, auth token, recipient, sender (a number, or MG...), text,
  and maybe more of the SDK's arguments as JSON: {"validity_period": 180, "status_callback": "..."}
"""

import json
import sys
from urllib.parse import urlsplit

from twilio.http.http_client import TwilioHttpClient
from twilio.rest import Client

base, sid, token, to, sender, text, *more = sys.argv[1:]


class Redirected(TwilioHttpClient):
    """The SDK's client with only the scheme and host of the URL replaced."""

    def request(self, method, url, *args, **kwargs):
        return super().request(method, base + urlsplit(url).path, *args, **kwargs)


client = Client(sid, token, http_client=Redirected())
origin = {"messaging_service_sid": sender} if sender.startswith("MG") else {"from_": sender}
more = json.loads(more[0]) if more else {}
print(client.messages.create(to=to, body=text, **origin, **more).sid)
