-- Records that cannot be read are passed over if asked for.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_broken.json', 'format' = 'debezium-json', 'debezium-json.ignore-parse-errors' = 'true');

SELECT * FROM products;
