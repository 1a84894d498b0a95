// An SMSC made with the npm package smpp. Prints its port, then a line of JSON for each submit.
//
// Binds with system_id "acme" and password "pa55word". By the recipient's last two digits: 03 is an invalid number, 58 is
// throttled, 30 gets its receipt before the answer, 64 gets its receipt again and again until it is taken; everybody else
// an answer and then a receipt. A text "MO" makes somebody write to us, and then say STOP.
const smpp = require("smpp");

const refused = { "03": smpp.ESME_RINVDSTADR, "58": smpp.ESME_RTHROTTLED };
let ids = 0;

function receipt(session, pdu, id, taken) {
  const text = `id:${id} sub:001 dlvrd:001 submit date:2601021504 done date:2601021505 stat:DELIVRD err:000 text:`;
  const told = {
    source_addr: pdu.destination_addr,
    destination_addr: pdu.source_addr,
    esm_class: smpp.ESM_CLASS.MC_DELIVERY_RECEIPT,
    short_message: text,
    receipted_message_id: id,
    message_state: smpp.MESSAGE_STATE.DELIVERED,
  };
  session.deliver_sm(told, (resp) => {
    if (resp.command_status === 0) taken();
    else setTimeout(() => receipt(session, pdu, id, taken), 100);
  });
}

function writes(session, pdu, text) {
  session.deliver_sm({ source_addr: pdu.destination_addr, destination_addr: "40404", short_message: text }, (resp) => {
    console.log(JSON.stringify({ wrote: text, status: resp.command_status }));
  });
}

const server = smpp.createServer((session) => {
  session.on("error", () => {});
  session.on("bind_transceiver", (pdu) => {
    const known = pdu.system_id === "acme" && pdu.password === "pa55word";
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RBINDFAIL, system_id: "smsc" }));
  });
  session.on("enquire_link", (pdu) => session.send(pdu.response()));
  session.on("unbind", (pdu) => {
    session.send(pdu.response());
    console.log(JSON.stringify({ unbound: true }));
    session.close();
  });
  session.on("submit_sm", (pdu) => {
    const end = pdu.destination_addr.slice(-2);
    const message = pdu.short_message.message;
    const udh = pdu.short_message.udh;
    console.log(
      JSON.stringify({
        to: pdu.destination_addr,
        from: pdu.source_addr,
        ton: [pdu.source_addr_ton, pdu.dest_addr_ton],
        text: Buffer.isBuffer(message) ? message.toString("latin1") : message,
        udh: udh ? Buffer.concat(udh.map((part) => Buffer.from(part))).toString("hex") : "",
        data_coding: pdu.data_coding,
        esm_class: pdu.esm_class,
        validity_seconds: Math.round((pdu.validity_period - Date.now()) / 1000),
      }),
    );
    if (end in refused) {
      session.send(pdu.response({ command_status: refused[end] }));
      return;
    }
    const id = (++ids).toString(16).padStart(8, "0");
    const answer = () => session.send(pdu.response({ message_id: id }));
    if (end === "30") {
      receipt(session, pdu, id, answer);
      return;
    }
    answer();
    receipt(session, pdu, id, () => console.log(JSON.stringify({ taken: id })));
    if (message === "MO") {
      writes(session, pdu, "Hello there");
      writes(session, pdu, "STOP");
    }
  });
});
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
