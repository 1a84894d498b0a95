-- A key counts for as long as its message is open, and for its window from the end on.
CREATE TRIGGER keys_count_from_the_end AFTER UPDATE OF state ON messages
WHEN OLD.state IN ('queued', 'sending') AND NEW.state NOT IN ('queued', 'sending')
    AND NEW.idempotency_key IS NOT NULL
BEGIN
    UPDATE messages
    SET idempotency_until = max(NEW.updated_at, NEW.created_at) + (NEW.idempotency_until - NEW.created_at)
    WHERE id = NEW.id;
END;

-- The call of its client that the message came by, sealed.
ALTER TABLE messages ADD COLUMN call BLOB;

-- Calls that were closed, sealed: their callers have been told that nothing was sent, so nothing may be.
CREATE TABLE closed_calls (
    call  BLOB    NOT NULL PRIMARY KEY,
    until INTEGER NOT NULL
) WITHOUT ROWID;

CREATE INDEX closed_calls_by_end ON closed_calls (until);

-- What the key that seals makes of a known text: whether the key in the file beside the store is still the same.
CREATE TABLE seal (
    only INTEGER NOT NULL PRIMARY KEY CHECK (only = 1),
    mark BLOB    NOT NULL
) WITHOUT ROWID;
