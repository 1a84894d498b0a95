"""Jasmin, an SMS gateway with an SMPP server and an HTTP API, and the Redis and RabbitMQ it needs; all on 127.0.0.1.

Started as `PYTHON jasmin.py DEBS PORT`: PYTHON has Jasmin, DEBS is the folder where the Debian packages are unpacked,
and at PORT listens an SMSC that knows acme/pa55word. Prints where it takes messages, as one line of JSON, once it does.
Its one user, for SMPP and for HTTP, is aldis/pa55word, with a route to numbers that begin with 1 and to no others.
Ends when its standard input does, or on SIGTERM.
"""

import configparser
import contextlib
import ctypes
import glob
import importlib.util
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time

debs, smsc_port = os.path.abspath(sys.argv[1]), int(sys.argv[2])

# Jasmin's sections that have a port; left alone, most of them listen on every address.
SERVERS = ["smpp-server", "smpp-server-pb", "http-api", "jcli", "router", "client-management"]
CLIENTS = ["redis-client", "amqp-broker"]

# A refusal by the SMSC is final, and what failed otherwise is tried again soon.
SETTINGS = """
[sm-listener]
submit_error_retrial = {}
submit_retrial_delay_smppc_not_ready = 1
[dlr]
dlr_lookup_retry_delay = 1
dlr_lookup_max_retries = 20
[dlr-thrower]
retry_delay = 1
max_retries = 20
[deliversm-thrower]
retry_delay = 1
max_retries = 20
[jcli]
authentication = False
"""

# What jasmind.py does, without its lock in /tmp: several may run at once.
JASMIND = """
from twisted.internet import reactor
from jasmin.bin.jasmind import JasminDaemon, Options
options = Options()
options.parseOptions()
JasminDaemon(options).start()
reactor.run()
"""

# What an operator types; a semicolon ends a line, and the last line of each command says "Successfully".
CONSOLE = [
    "group -a; gid all; ok",
    "user -a; uid aldis; gid all; username aldis; password pa55word; ok",
    f"smppccm -a; cid upstream; port {smsc_port}; username acme; password pa55word; submit_throughput 0; ok",
    "smppccm -1 upstream",
    "filter -a; fid begins; type DestinationAddrFilter; destination_addr ^1; ok",
    "mtrouter -a; type StaticMTRoute; order 1; filters begins; connector smppc(upstream); rate 0; ok",
    "morouter -a; type DefaultRoute; connector smpps(aldis); ok",
]


def ends_with_us():
    """Before exec: the child dies when this process does (prctl(2), PR_SET_PDEATHSIG)."""
    ctypes.CDLL(None).prctl(1, signal.SIGKILL)


def start(command, **environment):
    """Starts a child whose home is the temporary folder, and keeps there what it says."""
    more = {"cwd": folder, "env": {**os.environ, "HOME": folder, **environment}, "preexec_fn": ends_with_us}
    with open(f"{folder}/{os.path.basename(command[0])}.out", "w") as out:
        children.append(subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=out, **more))


def only(pattern):
    """The path below the unpacked packages; its name depends on the version or on the machine."""
    return (glob.glob(f"{debs}/{pattern}") or sys.exit(f"{debs}/{pattern} is missing"))[0]


def free_ports(names):
    """For each a port that nobody has now."""
    with contextlib.ExitStack() as held:
        taken = {name: held.enter_context(socket.create_server(("127.0.0.1", 0))) for name in names}
        return {name: listener.getsockname()[1] for name, listener in taken.items()}


def wait_for(what, holds):
    # On a machine that is busy with other things RabbitMQ alone takes a minute.
    until = time.monotonic() + 240
    while not holds():
        if time.monotonic() > until or any(child.poll() is not None for child in children):
            for name in glob.glob(f"{folder}/*.out"):
                with open(name) as out:
                    sys.stderr.write(f"--- {name}\n{out.read()[-2000:]}\n")
            sys.exit(f"{what} did not come about")
        time.sleep(0.05)


def wait_for_port(name):
    def answers():
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port[name]), 1):
            return True

    wait_for(f"{name} at port {port[name]}", answers)


def start_redis():
    redis = [f"{debs}/usr/bin/redis-server", "--bind", "127.0.0.1", "--port", str(port["redis-client"]), "--save", ""]
    start(redis, LD_LIBRARY_PATH=only("usr/lib/*-linux-gnu"))


def start_rabbitmq():
    """As the scripts erl and rabbitmq-server do, which insist on /usr/lib/erlang."""
    erlang = only("usr/lib/erlang/erts-*/bin")
    rabbitmq = only("usr/lib/rabbitmq/lib/rabbitmq_server-*")
    # Erlang would start its name server as a daemon that stays.
    start([f"{erlang}/epmd", "-port", str(port["epmd"]), "-address", "127.0.0.1"])
    wait_for_port("epmd")
    options = "-noinput -boot start_sasl -s rabbit boot -kernel inet_dist_use_interface {127,0,0,1} -syslog logger []"
    start(
        [f"{erlang}/erlexec", *options.split()],
        ROOTDIR=f"{debs}/usr/lib/erlang",
        BINDIR=erlang,
        EMU="beam",
        PROGNAME="erl",
        ERL_LIBS=f"{rabbitmq}/plugins",
        ERL_EPMD_PORT=str(port["epmd"]),
        RABBITMQ_HOME=rabbitmq,
        RABBITMQ_NODENAME="jasmin@localhost",
        RABBITMQ_NODE_IP_ADDRESS="127.0.0.1",
        RABBITMQ_NODE_PORT=str(port["amqp-broker"]),
        RABBITMQ_DIST_PORT=str(port["erlang"]),
        RABBITMQ_MNESIA_BASE=f"{folder}/mnesia",
        RABBITMQ_LOG_BASE=folder,
        RABBITMQ_LOGS="-",
        # No plugins, and no settings from /etc.
        RABBITMQ_PLUGINS_DIR=f"{folder}/none",
        RABBITMQ_ENABLED_PLUGINS_FILE=f"{folder}/none",
        RABBITMQ_CONFIG_FILE=f"{folder}/none",
        RABBITMQ_CONF_ENV_FILE=f"{folder}/none",
    )


def start_jasmin():
    settings = configparser.RawConfigParser()
    settings.read_string(SETTINGS)
    settings.read_dict({name: {"bind": "127.0.0.1", "port": port[name]} for name in SERVERS + CLIENTS})
    # The specification of AMQP is not in Jasmin's wheel; that of txAMQP serves.
    txamqp = importlib.util.find_spec("txamqp").submodule_search_locations[0]
    settings["amqp-broker"]["spec"] = f"{txamqp}/specs/standard/amqp0-9-1.stripped.xml"
    with open(f"{folder}/jasmin.cfg", "w") as file:
        settings.write(file)
    os.makedirs(f"{folder}/etc/jasmin/store")
    flags = ["--enable-dlr-thrower", "--enable-dlr-lookup", "--config", f"{folder}/jasmin.cfg"]
    start([sys.executable, "-c", JASMIND, *flags], ROOT_PATH=folder)


def configure():
    """Types at Jasmin's console, and waits until it is bound to the SMSC."""
    with socket.create_connection(("127.0.0.1", port["jcli"]), 30) as console:

        def typed(line):
            console.sendall(line.encode() + b"\r\n")
            said = b""
            while not said.endswith((b"jcli : ", b"> ")):
                said += console.recv(65536) or sys.exit(f"Jasmin's console ended: {said}")
            return said

        for command in CONSOLE:
            said = [typed(line) for line in command.split("; ")]
            if b"Successfully" not in said[-1]:
                sys.exit(f"Jasmin refused {command!r}: {said}")
        wait_for("Jasmin's bind at the SMSC", lambda: b"BOUND_TRX" in typed("smppccm -l"))


children = []
signal.signal(signal.SIGTERM, lambda *_: sys.exit())
with tempfile.TemporaryDirectory() as folder:
    try:
        port = free_ports([*SERVERS, *CLIENTS, "epmd", "erlang"])
        start_redis()
        start_rabbitmq()
        for client in CLIENTS:
            wait_for_port(client)
        start_jasmin()
        for server in SERVERS:
            wait_for_port(server)
        configure()
        print(json.dumps({"smpp": port["smpp-server"], "http": port["http-api"]}), flush=True)
        sys.stdin.read()
    finally:
        for child in children:
            child.kill()
            child.wait()
