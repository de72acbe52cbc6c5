-- Events that come twice cannot be told apart without a primary key.
SET 'table.exec.source.cdc-events-duplicate' = 'true';
CREATE TABLE products (
  id INT,
  name STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_twice.json', 'format' = 'debezium-json');

SELECT * FROM products;
