-- ALTER TABLE MODIFY changes types, places, computed columns and watermarks.
CREATE TABLE t (a INT, b STRING, c AS a + 1, d TIMESTAMP(3), WATERMARK FOR d AS d) WITH ('connector' = 'blackhole');
ALTER TABLE t MODIFY a BIGINT;
ALTER TABLE t MODIFY (b VARCHAR(5) NOT NULL FIRST, c AS a * 2, WATERMARK FOR d AS d - INTERVAL '2' SECOND);
SHOW CREATE TABLE t;
