//! A shard at barriers: who says what, and when.

use dataflow::{Committable, Epoch, Error, Message, WATERMARK_MIN};
use state::{OperatorId, OperatorSnapshot};

use super::{Inlet, InletKind, Place, Shard};
use crate::shared::ShardPart;

impl Shard {
    /// Lets an operator speak if a barrier has passed all its inputs.
    pub(super) fn align(&mut self, index: usize) -> Result<(), Error> {
        let slot = &mut self.nodes[index];
        let Some(epoch) = slot.inputs.aligned() else {
            return Ok(());
        };
        if epoch <= slot.epoch {
            return Ok(());
        }
        slot.operator.before_barrier(&mut self.output)?;
        self.output.message(Message::Barrier(epoch));
        if epoch > self.epoch {
            // A neighbour's barrier was faster than the word that a checkpoint has begun.
            self.begin_epoch(epoch);
        }
        self.speak(index)
    }

    /// Lets an operator say what it must remember at the present checkpoint.
    pub(super) fn speak(&mut self, index: usize) -> Result<(), Error> {
        let slot = &mut self.nodes[index];
        slot.epoch = self.epoch;
        let mut snapshot = slot.operator.snapshot(self.epoch, self.shared.extent())?;
        let watermark = slot.inputs.current().max(slot.restored_watermark);
        snapshot.watermark = (watermark != WATERMARK_MIN).then_some(watermark);
        if slot.is_sink {
            let committables = snapshot.committables.iter().cloned().map(Committable).collect();
            self.prepared.push((slot.node, committables));
        }
        let id = slot.id;
        self.add_to_part(id, snapshot);
        Ok(())
    }

    fn add_to_part(&mut self, id: OperatorId, snapshot: OperatorSnapshot) {
        self.part.insert(id, snapshot);
        self.spoken += 1;
        if self.spoken == self.speakers() {
            let (part, prepared) = (std::mem::take(&mut self.part), std::mem::take(&mut self.prepared));
            self.shared.add_part(self.index, part, prepared);
        }
    }

    fn speakers(&self) -> usize {
        let speaks = |inlet: &&Inlet| matches!(inlet.kind, InletKind::Source(_) | InletKind::Values(_));
        self.nodes.len() + self.inlets.iter().filter(speaks).count()
    }

    fn begin_epoch(&mut self, epoch: Epoch) {
        self.epoch = epoch;
        self.aligning = true;
        self.spoken = 0;
        self.part.clear();
        self.prepared.clear();
    }

    /// Sends barriers from all sources, and lets those speak who have ended and will see none.
    pub(super) fn begin_checkpoint(&mut self, epoch: Epoch) -> Result<(), Error> {
        if self.epoch < epoch {
            self.begin_epoch(epoch);
        }
        self.injected = epoch;
        for slot in 0..self.nodes.len() {
            if self.nodes[slot].inputs.all_ended() && self.nodes[slot].epoch < epoch {
                self.speak(slot)?;
                if self.nodes[slot].draining {
                    self.output.message(Message::Barrier(epoch));
                    self.dispatch(Place::Slot(slot))?;
                    self.work()?;
                }
            }
        }
        self.inject_barriers()
    }

    fn inject_barriers(&mut self) -> Result<(), Error> {
        let epoch = self.epoch;
        for index in 0..self.inlets.len() {
            let inlet = &mut self.inlets[index];
            if inlet.epoch >= epoch {
                continue;
            }
            let (id, snapshot) = match &inlet.kind {
                InletKind::Source(source) => (source.id, source.snapshot()),
                InletKind::Values(values) => (values.id, values.snapshot()),
                InletKind::Receiver(_) | InletKind::Closed => continue,
            };
            inlet.epoch = epoch;
            let ended = inlet.ended;
            self.add_to_part(id, snapshot);
            if !ended {
                self.output.message(Message::Barrier(epoch));
                self.dispatch(Place::Inlet(index))?;
                self.work()?;
            }
        }
        self.settle_alignment();
        Ok(())
    }

    pub(super) fn settle_alignment(&mut self) {
        if self.aligning {
            // A barrier that waits behind a backlog has been delivered, but not to those who follow.
            self.aligning = self.backlogs > 0
                || self
                    .inlets
                    .iter()
                    .any(|inlet| !inlet.ended && inlet.epoch < self.epoch);
        }
    }

    /// Says to all what this shard leaves behind. State is copied only if a checkpoint may ask for it.
    pub(super) fn end(&mut self) -> Result<(), Error> {
        self.ended = true;
        let is_needed = self.shared.needs_part(self.epoch);
        let extent = self.shared.last_extent(self.epoch);
        let mut part = ShardPart::new();
        let mut last = Vec::new();
        for inlet in self.inlets.iter().filter(|_| is_needed) {
            match &inlet.kind {
                InletKind::Source(source) => drop(part.insert(source.id, source.snapshot())),
                InletKind::Values(values) => drop(part.insert(values.id, values.snapshot())),
                InletKind::Receiver(_) | InletKind::Closed => {}
            }
        }
        for slot in self.nodes.iter_mut().filter(|slot| is_needed || slot.is_sink) {
            let mut snapshot = slot.operator.snapshot(self.epoch, extent)?;
            let watermark = slot.inputs.current().max(slot.restored_watermark);
            snapshot.watermark = (watermark != WATERMARK_MIN).then_some(watermark);
            if slot.is_sink {
                let committables = snapshot.committables.iter().cloned().map(Committable).collect();
                last.push((slot.node, committables));
            }
            part.insert(slot.id, snapshot);
        }
        self.shared.shard_ended(self.index, last, part, self.epoch);
        Ok(())
    }
}
