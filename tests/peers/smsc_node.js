// An SMSC made with the npm package smpp. Prints its port, then a line of JSON for each submit.
//
// Binds with system_id "acme" and password "pa55word"; over TLS if it is given a key and a certificate. By the
// recipient's last two digits: 03 is an invalid number, 58 is throttled, 59 is throttled the first time, 30 gets its
// receipt before the answer, 36 its answer after three seconds, 37 the same with the receipt before it, 39 is when the
// connection breaks, 64 gets its receipt again and again until it is taken, 66 an unbind, and after 300 ms its answer and its
// receipt, 70 an unmarked receipt from itself, 71 one from somebody else; 50 and 51 are throttled from the second part on,
// for 4 and for 14 seconds; everybody else gets an answer and then a receipt. A text "MO" makes somebody write to us, and
// then say STOP.
const fs = require("fs");
const smpp = require("smpp");

const refused = { "03": smpp.ESME_RINVDSTADR, "58": smpp.ESME_RTHROTTLED };
const throttled = new Set();
const since = new Map();
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

// Of TLVs what is printed: those of long texts, and whatever the package does not know.
function tlvs(pdu) {
  const known = ["sar_msg_ref_num", "sar_total_segments", "sar_segment_seqnum"].filter((tag) => tag in pdu);
  const told = Object.fromEntries(known.map((tag) => [tag, pdu[tag]]));
  for (const tag of Object.keys(pdu).filter((key) => /^\d+$/.test(key))) told[tag] = pdu[tag].toString("latin1");
  return told;
}

function text(message) {
  return Buffer.isBuffer(message) ? message.toString("latin1") : message;
}

const [key, cert] = process.argv.slice(2).map((file) => fs.readFileSync(file));
const server = smpp.createServer({ key, cert }, (session) => {
  session.on("error", () => {});
  const bind = (pdu) => {
    const known = pdu.system_id === "acme" && pdu.password === "pa55word";
    session.send(pdu.response({ command_status: known ? 0 : smpp.ESME_RBINDFAIL, system_id: "smsc" }));
  };
  for (const kind of ["bind_transceiver", "bind_transmitter", "bind_receiver"]) session.on(kind, bind);
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
        text: text(message),
        payload: pdu.message_payload && text(pdu.message_payload.message),
        tlvs: tlvs(pdu),
        udh: udh ? Buffer.concat(udh.map((part) => Buffer.from(part))).toString("hex") : "",
        data_coding: pdu.data_coding,
        esm_class: pdu.esm_class,
        validity_seconds: Math.round((pdu.validity_period - Date.now()) / 1000),
      }),
    );
    if (end === "39") {
      session.socket.destroy();
      return;
    }
    if (end === "59" && ids > 0 && !throttled.has(pdu.destination_addr)) {
      throttled.add(pdu.destination_addr);
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    if (end in refused) {
      session.send(pdu.response({ command_status: refused[end] }));
      return;
    }
    // The first part is taken; the others later.
    const first = since.get(pdu.destination_addr) ?? Date.now();
    since.set(pdu.destination_addr, first);
    const later = { 50: 4, 51: 14 }[end];
    if (later && udh && udh[0][udh[0].length - 1] > 1 && Date.now() - first < later * 1000) {
      session.send(pdu.response({ command_status: smpp.ESME_RTHROTTLED }));
      return;
    }
    const id = (++ids).toString(16).padStart(8, "0");
    const answer = () => session.send(pdu.response({ message_id: id }));
    if (end === "30") {
      receipt(session, pdu, id, answer);
      return;
    }
    if (end === "36") {
      setTimeout(() => {
        answer();
        receipt(session, pdu, id, () => {});
      }, 3000);
      return;
    }
    if (end === "37") {
      receipt(session, pdu, id, () => setTimeout(answer, 3000));
      return;
    }
    if (end === "66") {
      session.unbind();
      setTimeout(() => {
        answer();
        receipt(session, pdu, id, () => console.log(JSON.stringify({ taken: id })));
      }, 300);
      return;
    }
    if (["70", "71"].includes(end)) {
      answer();
      const from = end === "70" ? pdu.destination_addr : "12025550144";
      const message = `id:${id} sub:001 dlvrd:001 stat:UNDELIV err:001`;
      const told = { source_addr: from, destination_addr: pdu.source_addr, short_message: message };
      session.deliver_sm(told, () => console.log(JSON.stringify({ unmarked: id })));
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
