-- A field of more digits than there can be.
SELECT INTERVAL '5' HOUR(11);
