-- What looks like a receipt and may have been written by a person, while no attempt has its id: the row of `inbound`
-- that it is otherwise, and which messages its destination may be the sender of.
ALTER TABLE receipts ADD COLUMN inbound INTEGER REFERENCES inbound (number) ON DELETE CASCADE;
ALTER TABLE receipts ADD COLUMN sender_proof TEXT;

CREATE INDEX receipts_unproven ON receipts (inbound) WHERE inbound IS NOT NULL;
