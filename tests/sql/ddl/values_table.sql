-- VALUES on its own.
VALUES (1, 'a'), (2, 'b');
