-- ALTER TABLE ADD puts columns first, last or after another.
CREATE TABLE t (a INT, b STRING) WITH ('connector' = 'blackhole');
ALTER TABLE t ADD c INT COMMENT 'third';
ALTER TABLE t ADD (d STRING FIRST, e AS a + 1 AFTER a);
DESCRIBE t;
ALTER TABLE t ADD (f TIMESTAMP(3), WATERMARK FOR f AS f - INTERVAL '1' SECOND);
SHOW CREATE TABLE t;
