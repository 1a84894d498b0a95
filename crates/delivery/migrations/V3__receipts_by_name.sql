-- Ids of an attempt that its receipts named, not the carrier's answer: JSON array.
ALTER TABLE attempts ADD COLUMN told_ids TEXT;

-- Why it was not delivered, in the words of outcomes, if the carrier says so.
ALTER TABLE receipts ADD COLUMN class TEXT;

-- How a carrier last answered to a message of several segments: with an id for each part (1), or one for all (0).
CREATE TABLE habits (
    carrier     TEXT    NOT NULL PRIMARY KEY,
    id_for_each INTEGER NOT NULL
) WITHOUT ROWID;
