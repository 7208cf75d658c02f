//! What is true and what follows from it: facts, rules and journeys of Dopo.
//!
//! This crate never does I/O, reads a clock, draws a random number, logs or is async.
//! Reading order: ids and facts ([`customer`], [`order`], [`parcel`], [`consent`]),
//! what happens ([`event`]), what we do ([`effect`]), who may be sent what ([`gate`]),
//! the journey language ([`journey`]), and how one batch moves the world ([`advance`]).

pub mod id;
pub mod italy;
pub mod money;
pub mod sms;

pub mod cart;
pub mod consent;
pub mod coupon;
pub mod customer;
pub mod order;
pub mod parcel;
pub mod password;
pub mod product;
pub mod search;
pub mod shop;

pub mod counter;
pub mod effect;
pub mod event;
pub mod message;

pub mod access;
pub mod advance;
pub mod gate;
pub mod journey;
pub mod kpi;
pub mod risk;
pub mod simulate;
pub mod words;
