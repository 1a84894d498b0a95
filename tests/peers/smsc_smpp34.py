"""An SMSC made with the package smpp34. Prints its port, then a line of JSON for each submit.

By the recipient's last two digits: 03 is an invalid number, 58 is throttled; everybody else gets an answer with an id in
hexadecimal and then a receipt that has it in decimal.
"""

import asyncio
import json
import socket

import smpp34

REFUSED = {"03": 0x0B, "58": 0x58}


def free_port():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


async def main():
    port = free_port()
    server = smpp34.Server("127.0.0.1", port, system_id="smsc")
    await server.start()
    print(port, flush=True)
    bound, number = {}, 0xABC0
    while True:
        event = await server.next()
        if isinstance(event, smpp34.Esme):
            bound[event.session_id] = event
        elif isinstance(event, smpp34.SubmitSmEvent):
            seen = {"to": event.destination_addr, "text": event.short_message.hex(), "data_coding": event.data_coding}
            print(json.dumps(seen), flush=True)
            status = REFUSED.get(event.destination_addr[-2:])
            if status is not None:
                event.reject(status)
                continue
            number += 1
            event.accept(f"{number:x}")
            text = f"id:{number} submit date:2601021504 done date:2601021505 stat:DELIVRD err:000"
            for esme in bound.values():
                if esme.can_receive:
                    told = esme.deliver_sm(
                        "40404", text.encode(), source_addr=event.destination_addr, esm_class=0x04
                    )
                    asyncio.ensure_future(told)
        elif isinstance(event, smpp34.Unbound):
            bound.pop(event.session_id, None)


asyncio.run(main())
