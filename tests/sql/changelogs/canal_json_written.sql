-- Changes are written as canal-json, each row for itself, and read again.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium.json', 'format' = 'debezium-json');
CREATE TABLE written (
  name STRING,
  number BIGINT,
  weight DECIMAL(10, 3)
) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'canal-json');
CREATE TABLE counted (
  letter STRING,
  products BIGINT,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${tmp}/counted', 'format' = 'canal-json');
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'raw');

INSERT INTO written SELECT name, id, CAST(weight AS DECIMAL(10, 3)) FROM products;
SELECT * FROM lines;
SELECT * FROM written;
INSERT INTO counted SELECT SUBSTRING(name, 1, 1), COUNT(*), MAX(weight) FROM products GROUP BY SUBSTRING(name, 1, 1);
SELECT * FROM counted;
