-- Fields of a structured object.
SELECT OBJECT_OF('com.example.User', 'name', 'Bob', 'age', 42).name, OBJECT_UPDATE(OBJECT_OF('com.example.User', 'name', 'Bob', 'age', 42), 'age', 43).age, TYPEOF(OBJECT_OF('com.example.User', 'name', 'Bob', 'age', 42));
