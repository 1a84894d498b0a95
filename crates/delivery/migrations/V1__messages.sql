-- One row for each message. The constraints are the invariants: what may never be true
-- cannot be written.
CREATE TABLE messages (
    id                TEXT    NOT NULL PRIMARY KEY,  -- time-ordered, so rows append
    client            TEXT    NOT NULL,
    tenant            TEXT,
    class             TEXT    NOT NULL,
    accept            TEXT    NOT NULL,
    recipient         TEXT    NOT NULL,
    masked            TEXT    NOT NULL,              -- the recipient as people may see it
    sender            TEXT,
    body              TEXT,                          -- gone as soon as nothing more is sent
    attributes        TEXT,                          -- JSON object; gone with the body
    encoding          TEXT    NOT NULL,
    segments          INTEGER NOT NULL,
    state             TEXT    NOT NULL,
    reason            TEXT,
    created_at        INTEGER NOT NULL,              -- milliseconds since 1970, as all times
    deadline          INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    next_at           INTEGER,                       -- when the scheduler looks again
    backoff           INTEGER,                       -- the wait before that, in milliseconds
    owner             TEXT,                          -- the process that has it in hand
    epoch             INTEGER NOT NULL DEFAULT 0,    -- counts the hands: a finish needs (owner, epoch)
    attempts          INTEGER NOT NULL DEFAULT 0,
    idempotency_key   TEXT,
    idempotency_until INTEGER,
    fingerprint       BLOB,
    CHECK (state IN ('queued', 'sending', 'submitted', 'delivered', 'undelivered', 'failed', 'expired',
                     'cancelled', 'unknown')),
    -- Nothing can be stuck out of sight: what is not over is in somebody's hand, or due.
    CHECK (state NOT IN ('queued', 'sending') OR owner IS NOT NULL OR next_at IS NOT NULL),
    CHECK (owner IS NULL OR state IN ('queued', 'sending')),
    CHECK (next_at IS NULL OR (state = 'queued' AND owner IS NULL AND next_at <= deadline)),
    -- The text is there exactly as long as it may still be sent.
    CHECK ((body IS NOT NULL) = (state IN ('queued', 'sending'))),
    CHECK (attributes IS NULL OR body IS NOT NULL),
    CHECK ((idempotency_key IS NULL) = (fingerprint IS NULL))
) WITHOUT ROWID;

CREATE UNIQUE INDEX messages_by_key ON messages (client, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX messages_due ON messages (next_at) WHERE next_at IS NOT NULL;
CREATE INDEX messages_in_hand ON messages (owner) WHERE owner IS NOT NULL;
CREATE INDEX messages_queued_codes ON messages (recipient, client) WHERE state = 'queued' AND class = 'otp';
CREATE INDEX messages_unknown ON messages (updated_at) WHERE state = 'unknown';

-- What is final stays; what a carrier took can only be reported on.
CREATE TRIGGER final_states_stay BEFORE UPDATE OF state ON messages
WHEN NEW.state <> OLD.state AND (
    OLD.state IN ('delivered', 'undelivered', 'failed', 'expired', 'cancelled')
    OR (OLD.state = 'submitted' AND NEW.state NOT IN ('delivered', 'undelivered')))
BEGIN
    SELECT RAISE(ABORT, 'a final state never changes');
END;

-- One row for each hand-over to a carrier, written before it begins.
CREATE TABLE attempts (
    message     TEXT    NOT NULL REFERENCES messages (id) ON DELETE CASCADE,
    number      INTEGER NOT NULL,
    carrier     TEXT    NOT NULL,
    started_at  INTEGER NOT NULL,
    finished_at INTEGER,
    outcome     TEXT,
    code        TEXT,
    carrier_ids TEXT,                                -- JSON array
    late        TEXT,                                -- an outcome that came after the attempt was given up
    PRIMARY KEY (message, number),
    CHECK ((outcome IS NULL) = (finished_at IS NULL))
) WITHOUT ROWID;

-- Who told which carrier to stop.
CREATE TABLE suppressions (
    carrier   TEXT    NOT NULL,
    recipient TEXT    NOT NULL,
    until     INTEGER NOT NULL,
    PRIMARY KEY (carrier, recipient)
) WITHOUT ROWID;
