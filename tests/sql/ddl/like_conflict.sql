-- LIKE INCLUDING a watermark that the new table has too is refused.
CREATE TABLE base (id INT, t TIMESTAMP(3), WATERMARK FOR t AS t) WITH ('connector' = 'blackhole');
CREATE TABLE a (WATERMARK FOR t AS t - INTERVAL '1' MINUTE) LIKE base (INCLUDING WATERMARKS);
