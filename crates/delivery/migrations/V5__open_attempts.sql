-- Attempts without an end: a start ends those whose messages nobody has in hand.
CREATE INDEX attempts_open ON attempts (message) WHERE outcome IS NULL;
