-- LIKE ... (OVERWRITING ...) replaces options, watermarks and computed columns.
CREATE TABLE base (id INT, twice AS id * 2, t TIMESTAMP(3), WATERMARK FOR t AS t)
WITH ('connector' = 'filesystem', 'path' = '${tmp}/base', 'format' = 'json');
CREATE TABLE a (twice AS id * 3, WATERMARK FOR t AS t - INTERVAL '1' MINUTE)
WITH ('path' = '${tmp}/a', 'format' = 'csv') LIKE base (OVERWRITING GENERATED OVERWRITING WATERMARKS OVERWRITING OPTIONS);
SHOW CREATE TABLE a;
