-- A table of json takes no changes.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');
CREATE TABLE written (c BIGINT) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'json');

INSERT INTO written SELECT COUNT(*) FROM products;
