//! A storage that a process may leave at any point, and that may not answer.

use std::io::{self, Cursor, Read, Write};
use std::sync::Arc;

use dataflow::Error;
use state::Storage;

use crate::world::World;

#[derive(Debug)]
pub struct SimStorage {
    pub world: Arc<World>,
}

impl Storage for SimStorage {
    fn put(
        &self,
        name: &str,
        write: &mut dyn FnMut(&mut dyn Write) -> Result<(), Error>,
    ) -> Result<u64, Error> {
        self.world.fault("put an object")?;
        self.world.death("before it wrote an object")?;
        let mut bytes = Vec::new();
        write(&mut bytes)?;
        let count = bytes.len() as u64;
        if let Err(died) = self.world.death("in the middle of an object") {
            // One that promises too much: half of the object is there under its name.
            bytes.truncate(self.world.below(count) as usize);
            self.world.put_object(name, bytes);
            return Err(died);
        }
        self.world.put_object(name, bytes);
        self.world.death("when an object was written")?;
        self.world.fault("hear that an object was put")?;
        Ok(count)
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, Error> {
        self.world.fault("open an object")?;
        match self.world.object(name) {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes))),
            None => Err(Error::io(
                "open an object",
                io::Error::from(io::ErrorKind::NotFound),
            )),
        }
    }

    fn list(&self) -> Result<Vec<(String, u64)>, Error> {
        self.world.fault("list objects")?;
        Ok(self.world.objects())
    }

    fn remove(&self, name: &str) -> Result<(), Error> {
        self.world.fault("remove an object")?;
        self.world.death("before it removed an object")?;
        self.world.remove_object(name);
        Ok(())
    }
}
