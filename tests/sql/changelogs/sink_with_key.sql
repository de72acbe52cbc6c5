-- A table with a key that takes all kinds of changes is given them as they come, whatever else is the key of the rows.
CREATE TABLE products (
  id INT,
  name STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_names.json', 'format' = 'debezium-json');
CREATE TABLE written (
  name STRING,
  number INT,
  PRIMARY KEY (name) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'debezium-json');
CREATE TABLE lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/written', 'format' = 'raw');
CREATE TABLE as_they_come (
  name STRING,
  number INT,
  PRIMARY KEY (name) NOT ENFORCED
) WITH ('connector' = 'filesystem', 'path' = '${tmp}/as_they_come', 'format' = 'debezium-json');
CREATE TABLE other_lines (line STRING) WITH ('connector' = 'filesystem', 'path' = '${tmp}/as_they_come', 'format' = 'raw');

INSERT INTO written SELECT name, id FROM products;
SELECT * FROM lines;
SET 'table.exec.sink.upsert-materialize' = 'NONE';
INSERT INTO as_they_come SELECT name, id FROM products;
SELECT * FROM other_lines;
