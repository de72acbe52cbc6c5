-- A string in Unicode escapes that goes on in the next line, with an escape of its own.
SELECT U&'a!0041'
  'b!0042' UESCAPE '!';
