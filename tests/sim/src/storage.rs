//! A storage that a process may leave at any point, and that may not answer; and files for what does not fit into its
//! memory, which may fail as well.

use std::io::{self, Cursor, Write};
use std::sync::Arc;

use dataflow::Error;
use state::spill::{SpillFile, SpillFiles};
use state::{Object, Storage};

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

    fn open(&self, name: &str) -> Result<Object, Error> {
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

/// Files of the process that runs.
#[derive(Debug)]
pub struct SimSpill {
    pub world: Arc<World>,
}

struct SimSpillFile {
    world: Arc<World>,
    bytes: Vec<u8>,
}

impl SpillFiles for SimSpill {
    fn create(&self) -> Result<Box<dyn SpillFile>, Error> {
        self.world.fault("make a file")?;
        self.world.note_spill();
        Ok(Box::new(SimSpillFile {
            world: self.world.clone(),
            bytes: Vec::new(),
        }))
    }
}

impl SpillFile for SimSpillFile {
    fn append(&mut self, bytes: &[u8]) -> Result<(), Error> {
        self.world.fault("write to a file")?;
        self.bytes.extend_from_slice(bytes);
        Ok(())
    }

    fn read_at(&self, offset: u64, bytes: &mut [u8]) -> Result<(), Error> {
        self.world.fault("read from a file")?;
        let from = offset as usize;
        let stored = self.bytes.get(from..from + bytes.len());
        let ends = || Error::io("read from a file", io::Error::from(io::ErrorKind::UnexpectedEof));
        bytes.copy_from_slice(stored.ok_or_else(ends)?);
        Ok(())
    }
}
