-- DESCRIBE tells types, nullability, keys, computed and metadata columns, watermarks and comments.
CREATE TABLE t (
  id BIGINT NOT NULL COMMENT 'the key',
  name VARCHAR(20),
  price DECIMAL(10, 2),
  twice AS price * 2 COMMENT 'computed',
  path STRING METADATA FROM 'file.path' VIRTUAL,
  `at` TIMESTAMP(3),
  WATERMARK FOR `at` AS `at` - INTERVAL '5' SECOND,
  PRIMARY KEY (id) NOT ENFORCED
) COMMENT 'a table' WITH ('connector' = 'filesystem', 'path' = '${tmp}/t', 'format' = 'json');
DESCRIBE t;
DESC t;
DESCRIBE default_catalog.default_database.t;
DESCRIBE EXTENDED t;
