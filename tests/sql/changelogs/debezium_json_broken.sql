-- A record that cannot be read fails the job.
CREATE TABLE products (
  id INT,
  name STRING,
  description STRING,
  weight DOUBLE
) WITH ('connector' = 'filesystem', 'path' = '${data}/debezium_broken.json', 'format' = 'debezium-json');

SELECT * FROM products;
