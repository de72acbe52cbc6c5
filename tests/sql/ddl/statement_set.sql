-- Both spellings of a statement set write every sink.
SET 'table.local-time-zone' = 'Europe/Berlin';
CREATE TABLE ones (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/ones', 'format' = 'json');
CREATE TABLE twos (a INT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/twos', 'format' = 'json');
BEGIN STATEMENT SET;
INSERT INTO ones VALUES (1), (2);
INSERT INTO twos VALUES (3);
END;
EXECUTE STATEMENT SET BEGIN
INSERT INTO ones VALUES (10);
INSERT INTO twos VALUES (30);
END;
SELECT a FROM ones;
SELECT a FROM twos;
SHOW CREATE TABLE ones;
SHOW TABLES;
RESET 'table.local-time-zone';
