-- What the text of a turn was like as it was written, and that text encrypted where a customer's policy keeps it.
ALTER TABLE conversation_turns ADD COLUMN features TEXT;
ALTER TABLE conversation_turns ADD COLUMN text_sealed BLOB;
