"""Debian's Kannel with an SMSC behind it (smsc_node.js), in a network of its own, since it listens on every address.

Started as `unshare --user --map-root-user --net python3 kannel.py KANNEL SMSC FOLDER PORT`. Whoever connects to
FOLDER/kannel.sock reaches Kannel's sendsms; what Kannel calls at 127.0.0.1:PORT comes out at FOLDER/edge.sock.
Prints a line once it takes messages, and what the SMSC tells. No SMSC takes +12025550170, and the user may not send to
+12025550171.
"""

import ctypes
import fcntl
import os
import signal
import socket
import struct
import subprocess
import sys
import threading
import time

kannel, smsc, folder, edge_port = sys.argv[1:5]
SENDSMS = 13013
CONF = """
group = core
admin-port = 13000
admin-password = admin
smsbox-port = 13001
box-allow-ip = "127.0.0.1"
dlr-storage = internal
log-file = "{folder}/bearerbox.log"
log-level = 0

group = smsc
smsc = smpp
smsc-id = node
host = 127.0.0.1
port = {port}
transceiver-mode = true
smsc-username = acme
smsc-password = pa55word
system-type = VMA
denied-prefix = "+12025550170"
source-addr-autodetect = true
reconnect-delay = 1

group = smsbox
bearerbox-host = 127.0.0.1
sendsms-port = {sendsms}
log-file = "{folder}/smsbox.log"
log-level = 0

group = sendsms-user
username = acme
password = pa55word
max-messages = 3
concatenation = true
black-list-regex = "^[+]12025550171$"

group = sms-service
keyword = default
text = ""
omit-empty = true
"""


def ends_with_us():
    """Before exec: the child dies when this process does (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **more):
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=ends_with_us, **more)


def loopback_up():
    """The flags IFF_UP and IFF_RUNNING by SIOCSIFFLAGS, netdevice(7)."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        fcntl.ioctl(any_socket, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def copy(source, sink):
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:
        pass


def relay(listener, connect):
    """Everything that comes in at the listener goes on to what `connect` opens, and back."""

    def serve():
        while True:
            inside, _ = listener.accept()
            try:
                outside = connect()
            except OSError:
                inside.close()
                continue
            for pair in ((inside, outside), (outside, inside)):
                threading.Thread(target=copy, args=pair, daemon=True).start()

    threading.Thread(target=serve, daemon=True).start()


def to_unix(path):
    there = socket.socket(socket.AF_UNIX)
    there.connect(path)
    return there


def answers(port):
    try:
        socket.create_connection(("127.0.0.1", port), 1).close()
        return True
    except OSError:
        return False


def wait_for(what, holds):
    until = time.monotonic() + 30
    while not holds():
        if time.monotonic() > until:
            sys.exit(f"{what} did not come about")
        time.sleep(0.02)


def box(name, conf):
    libraries = f"{kannel}/usr/lib/x86_64-linux-gnu:{kannel}/lib/x86_64-linux-gnu"
    environment = {**os.environ, "LD_LIBRARY_PATH": libraries}
    with open(f"{folder}/{name}.out", "w") as out:
        return start([f"{kannel}/usr/sbin/{name}", conf], env=environment, stdout=out, stderr=out)


loopback_up()
node = start(["node", smsc], stdout=subprocess.PIPE, text=True)
port = int(node.stdout.readline())
threading.Thread(target=lambda: sys.stdout.writelines(node.stdout), daemon=True).start()

conf = f"{folder}/kannel.conf"
with open(conf, "w") as file:
    file.write(CONF.format(folder=folder, port=port, sendsms=SENDSMS))

callbacks = socket.create_server(("127.0.0.1", int(edge_port)))
relay(callbacks, lambda: to_unix(f"{folder}/edge.sock"))

boxes = [box("bearerbox", conf)]
wait_for("bearerbox", lambda: answers(13001))
boxes.append(box("smsbox", conf))
wait_for("sendsms", lambda: answers(SENDSMS))

entrance = socket.socket(socket.AF_UNIX)
entrance.bind(f"{folder}/kannel.sock")
entrance.listen()
relay(entrance, lambda: socket.create_connection(("127.0.0.1", SENDSMS)))
print("ready", flush=True)
boxes[0].wait()
