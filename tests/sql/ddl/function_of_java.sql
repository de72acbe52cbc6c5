-- A class of Java runs on Flink.
CREATE FUNCTION f AS 'com.example.F' LANGUAGE JAVA;
