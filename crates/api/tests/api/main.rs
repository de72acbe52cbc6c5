//! The interface from outside: requests and answers, in this process unless the network itself is looked at.

mod attacks;
mod authorisation;
mod bundles;
mod document;
mod files;
mod fixture;
mod listing;
mod nouns;
mod people;
mod recovery;
mod savepoints;
mod serving;
mod stage;
mod streams;
