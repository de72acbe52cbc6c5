-- Times with a zone and without are not compared.
CREATE TABLE rates (currency STRING, rate INT, `at` TIMESTAMP(3), WATERMARK FOR `at` AS `at`, PRIMARY KEY (currency) NOT ENFORCED)
WITH ('connector' = 'filesystem', 'path' = '${data}/rates.json', 'format' = 'json');

CREATE TABLE sales (id INT, currency STRING, amount INT, `at` TIMESTAMP(3), z AS CAST(`at` AS TIMESTAMP_LTZ(3)), WATERMARK FOR z AS z - INTERVAL '1' SECOND)
WITH ('connector' = 'filesystem', 'path' = '${data}/sales.json', 'format' = 'json');

SELECT s.id, r.rate FROM sales s JOIN rates FOR SYSTEM_TIME AS OF s.z AS r ON s.currency = r.currency;
