-- SHOW CREATE TABLE gives the statement back in one form.
CREATE TABLE t (
  id BIGINT NOT NULL COMMENT 'the key',
  name VARCHAR(20),
  price DECIMAL(10, 2),
  twice AS price * 2,
  path STRING METADATA FROM 'file.path' VIRTUAL,
  `at` TIMESTAMP(3),
  dt STRING,
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND,
  CONSTRAINT pk PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'it''s a table' PARTITIONED BY (dt) WITH ('path' = '${tmp}/t', 'format' = 'json', 'connector' = 'filesystem');
SHOW CREATE TABLE t;
CREATE TEMPORARY TABLE u (a INT) WITH ('connector' = 'blackhole');
SHOW CREATE TABLE u;
