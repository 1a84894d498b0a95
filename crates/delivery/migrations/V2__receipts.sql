-- Which attempt a carrier's id names: what the carrier tells later is matched here.
CREATE TABLE carrier_ids (
    carrier TEXT    NOT NULL,
    id      TEXT    NOT NULL,
    message TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    attempt INTEGER NOT NULL,
    PRIMARY KEY (carrier, id)                        -- ids come round again: the newest message has it
) WITHOUT ROWID;

CREATE INDEX carrier_ids_of_messages ON carrier_ids (message);

INSERT OR REPLACE INTO carrier_ids (carrier, id, message, attempt)
    SELECT attempts.carrier, told.value, attempts.message, attempts.number
    FROM attempts, json_each(attempts.carrier_ids) AS told
    ORDER BY attempts.message, attempts.number;

-- What carriers told of messages, in the order it came.
CREATE TABLE receipts (
    number       INTEGER NOT NULL PRIMARY KEY,
    carrier      TEXT    NOT NULL,
    carrier_id   TEXT    NOT NULL,
    part         INTEGER NOT NULL,
    state        TEXT    NOT NULL,
    final        INTEGER NOT NULL,
    code         TEXT,
    carrier_time INTEGER,
    received_at  INTEGER NOT NULL,
    message      TEXT REFERENCES messages (id) ON DELETE CASCADE,  -- none: it came before the answer that has the id
    attempt      INTEGER,
    hint         TEXT,                               -- the message it is about, as the call-back's URL says
    CHECK ((message IS NULL) = (attempt IS NULL))
);

CREATE INDEX receipts_of_messages ON receipts (message) WHERE message IS NOT NULL;
CREATE INDEX receipts_by_id ON receipts (carrier, carrier_id);
CREATE INDEX receipts_waiting ON receipts (received_at) WHERE message IS NULL;
CREATE INDEX receipts_hinted ON receipts (hint) WHERE message IS NULL AND hint IS NOT NULL;

-- What people wrote to us.
CREATE TABLE inbound (
    number       INTEGER NOT NULL PRIMARY KEY,
    carrier      TEXT    NOT NULL,
    carrier_id   TEXT    NOT NULL,
    part         INTEGER NOT NULL,
    sender       TEXT    NOT NULL,                   -- the person
    recipient    TEXT    NOT NULL,                   -- our number
    body         TEXT    NOT NULL,
    attributes   TEXT,                               -- JSON object
    opt_out      INTEGER NOT NULL,                   -- they want nothing more
    carrier_time INTEGER,
    received_at  INTEGER NOT NULL
);

CREATE UNIQUE INDEX inbound_once ON inbound (carrier, carrier_id, part) WHERE carrier_id <> '';
