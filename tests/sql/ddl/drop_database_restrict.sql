-- A database that holds tables is not dropped without CASCADE.
CREATE DATABASE shop;
CREATE TABLE shop.t (a INT) WITH ('connector' = 'blackhole');
DROP DATABASE shop;
