-- OBJECT_OF makes a structured object.
SELECT OBJECT_OF('com.example.User', 'name', 'Bob', 'age', 42);
