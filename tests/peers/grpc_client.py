"""A gRPC client made from proto/ by grpcio-tools, with none of our code in it.

argv: address, client token, then one of
  send TO TEXT [ACCEPT_MODE_...]    get ID    reflect    health
Prints JSON; a refused call prints {"error": {"code", "reason"}}.
"""

import importlib
import json
import sys
import tempfile
from pathlib import Path

import grpc
from google.protobuf.json_format import MessageToDict
from grpc_health.v1 import health_pb2, health_pb2_grpc
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import ProtoReflectionDescriptorDatabase
from grpc_tools import protoc

PROTO = Path(__file__).resolve().parents[2] / "proto"
NAME = "aldis/delivery/v1/delivery"


def generated(out):
    """Generates the client into a folder and imports it."""
    include = Path(protoc.__file__).parent / "_proto"
    arguments = ["protoc", f"-I{PROTO}", f"-I{include}", f"--python_out={out}", f"--grpc_python_out={out}"]
    if protoc.main([*arguments, f"{NAME}.proto"]) != 0:
        sys.exit("protoc refuses the contract")
    sys.path.insert(0, out)
    module = NAME.replace("/", ".")
    return importlib.import_module(f"{module}_pb2"), importlib.import_module(f"{module}_pb2_grpc")


def shown(message):
    return MessageToDict(message, preserving_proto_field_name=True)


def main():
    address, token, command, *rest = sys.argv[1:]
    with grpc.insecure_channel(address) as channel:
        if command == "reflect":
            return {"services": list(ProtoReflectionDescriptorDatabase(channel).get_services())}
        if command == "health":
            answer = health_pb2_grpc.HealthStub(channel).Check(health_pb2.HealthCheckRequest(), timeout=10)
            return shown(answer)
        with tempfile.TemporaryDirectory() as folder:
            messages, services = generated(folder)
        stub = services.MessageServiceStub(channel)
        metadata = [("authorization", f"Bearer {token}")]
        if command == "send":
            accept = rest[2] if len(rest) > 2 else "ACCEPT_MODE_STORED"
            request = messages.SendMessageRequest(to=rest[0], text=rest[1], accept=accept)
            return shown(stub.SendMessage(request, metadata=metadata, timeout=15))
        request = messages.GetMessageRequest(id=rest[0])
        return shown(stub.GetMessage(request, metadata=metadata, timeout=15))


try:
    print(json.dumps(main()))
except grpc.RpcError as error:
    print(json.dumps({"error": {"code": error.code().name, "reason": error.details()}}))
